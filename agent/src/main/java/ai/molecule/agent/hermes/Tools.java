package ai.molecule.agent.hermes;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.io.IOException;
import java.util.List;

/// What a model may do beside talking.
public interface Tools {

    /// No tools.
    Tools NONE = new Tools() {
        @Override
        public List<ToolSpecification> all() {
            return List.of();
        }

        @Override
        public String call(ToolExecutionRequest request, String course) {
            return "there is no tool " + request.name();
        }
    };

    /// All of them, as they are now.
    List<ToolSpecification> all() throws IOException, InterruptedException;

    /// Calls one.
    ///
    /// @param course in whose course (W3C Trace Context); empty for none
    /// @return what it answered, or what is wrong with the call, for the model to read
    /// @throws IOException when it cannot be called at all
    String call(ToolExecutionRequest request, String course) throws IOException, InterruptedException;
}
