package ai.molecule.platform.backend;

import java.net.URI;
import java.util.Map;

/// An agent that was started.
///
/// @param handle the backend's own name for it
/// @param address where the platform reaches it
/// @param headers what the platform's calls must carry beside, so that they come to this agent and no other
/// @param resumed true when it may be the agent of before its rest, with its memory, and so need not register
/// @param region where in the world it runs; empty where the backend knows no regions
public record Started(String handle, URI address, Map<String, String> headers, String region, boolean resumed) {

    public Started {
        headers = Map.copyOf(headers);
    }

    /// One that needs nothing but its address.
    public Started(String handle, URI address) {
        this(handle, address, Map.of(), "", false);
    }
}
