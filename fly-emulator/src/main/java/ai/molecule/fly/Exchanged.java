package ai.molecule.fly;

/// A call and its answer.
///
/// @param query as it came; empty for none
/// @param nonce of a lease, as it came; empty for none
/// @param request the body that came; empty for none
/// @param answer the body that was answered; empty for none
public record Exchanged(
        String method, String path, String query, String nonce, String request, int status, String answer) {}
