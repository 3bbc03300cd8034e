package ai.molecule.conformance;

import com.fasterxml.jackson.databind.JsonNode;

/// One request of an agent.
///
/// @param bearer the credential that it showed; empty for none
/// @param body what it sent; missing for nothing
/// @param status what it was answered
record Seen(String method, String path, String bearer, JsonNode body, int status) {

    boolean is(String wantedMethod, String wantedPath) {
        return method.equals(wantedMethod) && path.equals(wantedPath);
    }
}
