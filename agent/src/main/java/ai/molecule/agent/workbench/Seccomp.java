package ai.molecule.agent.workbench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Takes calls of the kernel away that files know nothing of
/// (<https://docs.kernel.org/userspace-api/seccomp_filter.html>): without a network a process makes no sockets,
/// with one it makes those of the Internet, and never one that leads to another program of the machine.
final class Seccomp {

    /// What is compared with what, or answered.
    private record Step(int code, int yes, int no, int value) {}

    /// The numbers of calls on a processor (AUDIT_ARCH of `linux/audit.h`).
    private record Processor(int architecture, int socket) {}

    private static final Map<String, Processor> PROCESSORS = Map.of(
            "amd64", new Processor(0xC000003E, 41),
            "aarch64", new Processor(0xC00000B7, 198));

    private static final int IO_URING_SETUP = 425;
    private static final int FIRST_OF_X32 = 0x40000000;
    private static final List<Integer> INTERNET = List.of(2, 10, 16);

    private static final int NUMBER = 0;
    private static final int ARCHITECTURE = 4;
    private static final int FIRST_ARGUMENT = 16;

    private static final int LOAD = 0x20;
    private static final int IF_EQUAL = 0x15;
    private static final int IF_NOT_LESS = 0x35;
    private static final int ANSWER = 0x06;
    private static final int ALLOWED = 0x7FFF0000;
    private static final int NOT_PERMITTED = 0x00050000 | 13;

    private static final int SET_SECCOMP = 22;
    private static final int BY_FILTER = 2;
    private static final int DROP_CAPABILITY = 24;
    private static final int CAPABILITIES = 64;

    private Seccomp() {}

    private static Optional<Processor> processor() {
        return Optional.ofNullable(PROCESSORS.get(System.getProperty("os.arch")));
    }

    /// True where it knows the processor.
    static boolean fits() {
        return processor().isPresent();
    }

    /// Takes away from this thread, and from whatever it starts, what no command needs. Privileges must have
    /// been given up before.
    static void confine(boolean network) throws IOException {
        var processor = processor().orElseThrow(() -> new IOException("this processor is not known"));
        for (int capability = 0; capability < CAPABILITIES; capability++) {
            // Without the right to drop them there are none to drop.
            Native.prctl(DROP_CAPABILITY, capability, 0);
        }
        var steps = steps(processor, network);
        try (var arena = Arena.ofConfined()) {
            var filter = arena.allocate(8L * steps.size(), 8);
            for (int i = 0; i < steps.size(); i++) {
                var step = steps.get(i);
                filter.set(ValueLayout.JAVA_SHORT, 8L * i, (short) step.code());
                filter.set(ValueLayout.JAVA_BYTE, 8L * i + 2, (byte) step.yes());
                filter.set(ValueLayout.JAVA_BYTE, 8L * i + 3, (byte) step.no());
                filter.set(ValueLayout.JAVA_INT, 8L * i + 4, step.value());
            }
            var program = arena.allocate(16, 8);
            program.set(ValueLayout.JAVA_SHORT, 0, (short) steps.size());
            program.set(ValueLayout.ADDRESS, 8, filter);
            Native.must("give up calls of the kernel", Native.prctl(SET_SECCOMP, BY_FILTER, program.address()));
        }
    }

    /// Every jump is over steps that follow; those that are not taken go on with the next.
    private static List<Step> steps(Processor processor, boolean network) {
        var steps = new ArrayList<Step>();
        steps.add(new Step(LOAD, 0, 0, ARCHITECTURE));
        steps.add(new Step(IF_EQUAL, 1, 0, processor.architecture()));
        steps.add(new Step(ANSWER, 0, 0, NOT_PERMITTED));
        steps.add(new Step(LOAD, 0, 0, NUMBER));
        steps.add(new Step(IF_NOT_LESS, 0, 1, FIRST_OF_X32));
        steps.add(new Step(ANSWER, 0, 0, NOT_PERMITTED));
        steps.add(new Step(IF_EQUAL, 0, 1, IO_URING_SETUP));
        steps.add(new Step(ANSWER, 0, 0, NOT_PERMITTED));
        steps.add(new Step(IF_EQUAL, 1, 0, processor.socket()));
        steps.add(new Step(ANSWER, 0, 0, ALLOWED));
        if (network) {
            steps.add(new Step(LOAD, 0, 0, FIRST_ARGUMENT));
            for (var family : INTERNET) {
                steps.add(new Step(IF_EQUAL, 0, 1, family));
                steps.add(new Step(ANSWER, 0, 0, ALLOWED));
            }
        }
        steps.add(new Step(ANSWER, 0, 0, NOT_PERMITTED));
        return steps;
    }
}
