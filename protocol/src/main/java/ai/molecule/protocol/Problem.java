package ai.molecule.protocol;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// The body of every refusal: a sentence for people and a stable `snake_case` code for programs.
public record Problem(String error, String code) {

    /// Writes `{"error","code"}`.
    public ObjectNode toJson() {
        return Json.object().put("error", error).put("code", code);
    }
}
