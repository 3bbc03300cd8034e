package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/// What an agent keeps between its lives: its token, and where it joined. Readable by nobody else.
record StateDirectory(Path path) {

    private static final String TOKEN_FILE = ".auth_token";
    private static final String MEMBERSHIP_FILE = "agent.json";
    private static final String LOCK_FILE = ".lock";

    /// Where an agent joined.
    record Membership(Addresses platform, WorkspaceId workspace) {}

    /// Where an agent keeps it when nobody says.
    static Path usual() {
        return Path.of(System.getProperty("user.home"), ".molecule", "agent");
    }

    /// The credential: an enrolment before the first registration, the agent's own token after it.
    String credential() throws IOException {
        return Files.readString(path.resolve(TOKEN_FILE)).strip();
    }

    boolean hasCredential() {
        return Files.exists(path.resolve(TOKEN_FILE));
    }

    /// Keeps the agent's own token.
    void keep(String token) throws IOException {
        write(TOKEN_FILE, token);
    }

    /// Where it joined; empty before the first time.
    Optional<Membership> membership() throws IOException {
        var file = path.resolve(MEMBERSHIP_FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            var json = Json.read(Files.readAllBytes(file));
            return WorkspaceId.parse(json.path("workspace_id").asText())
                    .map(workspace -> new Membership(
                            Addresses.of(json.path("platform_url").asText()), workspace));
        } catch (Json.MalformedException | IllegalArgumentException bad) {
            throw new IOException("expected what an agent keeps in " + file, bad);
        }
    }

    /// Remembers where it joined.
    void remember(Membership membership) throws IOException {
        write(
                MEMBERSHIP_FILE,
                Json.object()
                        .put("platform_url", membership.platform().toString())
                        .put("workspace_id", membership.workspace().toString())
                        .toPrettyString());
    }

    private void write(String name, String text) throws IOException {
        var next = path.resolve(name + ".new");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, text);
        Files.move(next, path.resolve(name), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Makes the directory where there is none.
    StateDirectory made() throws IOException {
        if (!Files.isDirectory(path)) {
            Files.createDirectories(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        return this;
    }

    /// Keeps every other process out of it until this one ends; false when one is in it.
    boolean take() throws IOException {
        var channel = FileChannel.open(path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
            channel.close();
            return false;
        }
        // The lock ends with the process.
        return true;
    }
}
