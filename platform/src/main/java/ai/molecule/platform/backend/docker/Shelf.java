package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.command.InspectVolumeResponse;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// The two volumes of a workspace: `/configs`, written anew at every start, and `/workspace`, which is its own.
final class Shelf {

    /// The volumes' own words in names and labels.
    static final String CONFIGS_PART = "configs";

    static final String DATA_PART = "workspace";

    static final String CONFIGS = "/configs";
    static final String WORKSPACE = "/workspace";

    private static final int OWNER = 10001;
    private static final int PRIVATE_FILE = 0600;
    private static final int ORDINARY_FILE = 0644;
    private static final int PRIVATE_DIRECTORY = 040700;

    private final Engine engine;
    private final Labels labels;

    Shelf(Engine engine, Labels labels) {
        this.engine = engine;
        this.labels = labels;
    }

    /// The workspace's volumes, made where they are missing, as they are mounted.
    ///
    /// @param host may name a directory to take the place of the second, which is not made where it is missing
    List<Mount> ensure(WorkspaceId workspace, HostAccess host) throws BackendException {
        create(workspace, CONFIGS_PART);
        var configs = volume(workspace, CONFIGS_PART, CONFIGS);
        if (!host.directory().isEmpty()) {
            var directory = new Mount()
                    .withType(MountType.BIND)
                    .withSource(host.directory())
                    .withTarget(WORKSPACE)
                    .withReadOnly(host.readOnly());
            return List.of(configs, directory);
        }
        create(workspace, DATA_PART);
        return List.of(configs, volume(workspace, DATA_PART, WORKSPACE));
    }

    private static Mount volume(WorkspaceId workspace, String part, String target) {
        return new Mount()
                .withType(MountType.VOLUME)
                .withSource(Labels.name(workspace, part))
                .withTarget(target);
    }

    void remove(WorkspaceId workspace, boolean keepData) throws BackendException {
        for (var part : keepData ? List.of(CONFIGS_PART) : List.of(CONFIGS_PART, DATA_PART)) {
            var name = Labels.name(workspace, part);
            engine.ensure(
                    "remove volume " + name,
                    () -> engine.client().removeVolumeCmd(name).exec());
        }
    }

    /// Puts files that only the agent can read into the root of a volume of a container, one after the other,
    /// and gives that to the agent.
    ///
    /// @param files by path, each after those directories that it lies in
    void furnish(String container, String directory, Map<String, String> files) throws BackendException {
        put(container, directory, archive(tar -> {
            var made = new HashSet<String>();
            add(tar, "./", PRIVATE_DIRECTORY, new byte[0]);
            for (var file : files.entrySet()) {
                var path = file.getKey();
                for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
                    if (made.add(path.substring(0, slash))) {
                        add(tar, path.substring(0, slash + 1), PRIVATE_DIRECTORY, new byte[0]);
                    }
                }
                add(tar, path, PRIVATE_FILE, file.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }));
    }

    /// A file of a container, whether it runs or not.
    ///
    /// @param bytes how long it may be
    /// @throws BackendException when there is none that can be taken, too
    byte[] read(String container, String file, int bytes) throws BackendException {
        return engine.ask("read " + file, () -> {
            try (var stream = engine.client()
                            .copyArchiveFromContainerCmd(container, file)
                            .exec();
                    var tar = new TarArchiveInputStream(stream)) {
                var entry = tar.getNextEntry();
                if (entry == null
                        || !(entry.getLinkFlag() == TarConstants.LF_NORMAL
                                || entry.getLinkFlag() == TarConstants.LF_OLDNORM)) {
                    throw new NotAFileException(file + " is no file");
                }
                if (entry.getSize() > bytes) {
                    throw new NotAFileException(file + " has " + entry.getSize() + " bytes, more than " + bytes);
                }
                return tar.readNBytes(bytes);
            }
        });
    }

    /// Puts a file into a directory that is there.
    void put(String container, String directory, String name, byte[] content) throws BackendException {
        put(container, directory, archive(tar -> add(tar, name, ORDINARY_FILE, content)));
    }

    private void put(String container, String directory, byte[] archive) throws BackendException {
        engine.ask(
                "write into " + directory,
                () -> engine.client()
                        .copyArchiveToContainerCmd(container)
                        .withRemotePath(directory)
                        .withNoOverwriteDirNonDir(true)
                        .withTarInputStream(new ByteArrayInputStream(archive))
                        .exec());
    }

    /// Whose volumes of one kind there are.
    Set<WorkspaceId> owners(String part) throws BackendException {
        var found = engine.ask(
                "list volumes", () -> engine.client().listVolumesCmd().exec());
        var owners = new HashSet<WorkspaceId>();
        for (var volume : found.getVolumes() == null ? List.<InspectVolumeResponse>of() : found.getVolumes()) {
            var marks = volume.getLabels();
            if (marks != null
                    && labels.platform().toString().equals(marks.get(Labels.PLATFORM))
                    && part.equals(marks.get(Labels.PART))) {
                Labels.workspace(marks).ifPresent(owners::add);
            }
        }
        return owners;
    }

    private void create(WorkspaceId workspace, String part) throws BackendException {
        var name = Labels.name(workspace, part);
        engine.ask(
                "create volume " + name,
                () -> engine.client()
                        .createVolumeCmd()
                        .withName(name)
                        .withLabels(labels.of(workspace, part))
                        .exec());
    }

    @FunctionalInterface
    private interface Filling {
        void fill(TarArchiveOutputStream tar) throws IOException;
    }

    private static byte[] archive(Filling filling) {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name())) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            filling.fill(tar);
        } catch (IOException cannotHappen) {
            throw new UncheckedIOException("an archive in memory", cannotHappen);
        }
        return bytes.toByteArray();
    }

    private static void add(TarArchiveOutputStream tar, String name, int mode, byte[] content) throws IOException {
        var entry = new TarArchiveEntry(name);
        entry.setMode(mode);
        entry.setUserId(OWNER);
        entry.setGroupId(OWNER);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    /// Not what was expected at a path; the engine is fine.
    private static final class NotAFileException extends com.github.dockerjava.api.exception.DockerException {
        private static final long serialVersionUID = 1L;

        NotAFileException(String message) {
            super(message, 400);
        }
    }
}
