package ai.molecule.agent;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// What a model may do beside talking.
public interface Tools {

    /// The tool by which an agent asks people.
    String APPROVAL = "request_approval";

    /// No tools.
    Tools NONE = new Tools() {
        @Override
        public List<ToolSpecification> all() {
            return List.of();
        }

        @Override
        public Outcome call(ToolExecutionRequest request, String course) {
            return new Outcome.Told("there is no tool " + request.name());
        }

        @Override
        public Optional<String> decided(String approval) {
            return Optional.empty();
        }
    };

    /// What came of a call.
    sealed interface Outcome {
        /// What it answered, or what is wrong with the call, for the model to read.
        record Told(String text) implements Outcome {}

        /// A person is asked, and nothing is done before there is a decision.
        ///
        /// @param approval by which the decision is known
        /// @param action what is to be decided
        record Asked(String approval, String action) implements Outcome {}
    }

    /// What keeps some of them from being there; empty for nothing. Asked with every heartbeat.
    default String trouble() {
        return "";
    }

    /// All of them, as they are now.
    List<ToolSpecification> all() throws IOException, InterruptedException;

    /// Calls one.
    ///
    /// @param course in whose course (W3C Trace Context); empty for none
    /// @throws IOException when it cannot be called at all
    Outcome call(ToolExecutionRequest request, String course) throws IOException, InterruptedException;

    /// What a person decided, for the model to read; empty while nobody has.
    ///
    /// @throws IOException when that cannot be found out now
    Optional<String> decided(String approval) throws IOException, InterruptedException;
}
