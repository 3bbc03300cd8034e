package ai.molecule.agent;

import java.util.List;

/// What an agent's workspace is, as the platform has it now.
///
/// @param model which model it thinks with, as `provider:model` or just the model; empty where nobody said
/// @param peers whom it may ask to do something
public record Self(String name, String role, String model, List<Peer> peers) {

    /// Nothing known yet.
    public static final Self UNKNOWN = new Self("", "", "", List.of());

    public Self {
        peers = List.copyOf(peers);
    }

    /// Somebody whom it may ask.
    ///
    /// @param id of its workspace
    public record Peer(String id, String name, String role) {}
}
