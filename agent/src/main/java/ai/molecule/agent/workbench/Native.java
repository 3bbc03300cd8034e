package ai.molecule.agent.workbench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.List;

/// The functions of the system's C library that Java has no word for. Each answers as in C; below zero it is the
/// negative `errno`.
final class Native {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SYSCALL = variadic(
            "syscall",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
            1);
    private static final MethodHandle PRCTL = variadic(
            "prctl",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
            1);
    private static final MethodHandle OPEN =
            variadic("open", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT), 2);
    private static final MethodHandle CHDIR =
            plain("chdir", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    private static final MethodHandle MKDIR =
            plain("mkdir", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle SETSID = plain("setsid", FunctionDescriptor.of(ValueLayout.JAVA_INT));
    private static final MethodHandle EXEC = plain(
            "execvpe",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));

    private static final int NO_NEW_PRIVILEGES = 38;

    private Native() {}

    static long syscall(long number, long one, long two, long three, long four) {
        return call(state -> (long) SYSCALL.invokeExact(state, number, one, two, three, four));
    }

    static long prctl(int option, long one, long two) {
        return call(state -> (int) PRCTL.invokeExact(state, option, one, two, 0L, 0L));
    }

    /// No program that this thread becomes has more privileges than it (no_new_privs).
    static void giveUpPrivileges() throws IOException {
        must("give up privileges", prctl(NO_NEW_PRIVILEGES, 1, 0));
    }

    static long open(String path, int flags) {
        try (var arena = Arena.ofConfined()) {
            var name = arena.allocateFrom(path);
            return call(state -> (int) OPEN.invokeExact(state, name, flags));
        }
    }

    static long chdir(String path) {
        try (var arena = Arena.ofConfined()) {
            var name = arena.allocateFrom(path);
            return call(state -> (int) CHDIR.invokeExact(state, name));
        }
    }

    static long mkdir(String path, int mode) {
        try (var arena = Arena.ofConfined()) {
            var name = arena.allocateFrom(path);
            return call(state -> (int) MKDIR.invokeExact(state, name, mode));
        }
    }

    static long setsid() {
        return call(state -> (int) SETSID.invokeExact(state));
    }

    /// Becomes another program; answers only where that fails.
    static long exec(List<String> command, List<String> environment) {
        try (var arena = Arena.ofConfined()) {
            var program = arena.allocateFrom(command.getFirst());
            var words = vector(arena, command);
            var variables = vector(arena, environment);
            return call(state -> (int) EXEC.invokeExact(state, program, words, variables));
        }
    }

    /// @throws IOException with what could not be done, when an answer is below zero
    static long must(String what, long answer) throws IOException {
        if (answer < 0) {
            throw new IOException("cannot " + what + " (errno " + -answer + ")");
        }
        return answer;
    }

    private static MemorySegment vector(Arena arena, List<String> texts) {
        var vector = arena.allocate(ValueLayout.ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            vector.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        return vector;
    }

    private interface Call {
        long with(MemorySegment state) throws Throwable;
    }

    private static long call(Call call) {
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(CALL_STATE);
            var answer = call.with(state);
            return answer < 0 ? -(int) ERRNO.get(state, 0L) : answer;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle variadic(String name, FunctionDescriptor shape, int fixed) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name),
                shape,
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(fixed));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle plain(String name, FunctionDescriptor shape) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow(name), shape, Linker.Option.captureCallState("errno"));
    }
}
