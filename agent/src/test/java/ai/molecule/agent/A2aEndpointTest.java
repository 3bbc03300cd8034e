package ai.molecule.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.agent.A2aEndpoint.Outcome;
import ai.molecule.agent.echo.EchoEngine;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.StreamEvent;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class A2aEndpointTest {

    private final Tasks tasks = new Tasks(new EchoEngine(name -> null), (peer, text, traceparent) -> {
        if (text.isEmpty()) {
            throw new IOException("nobody there");
        }
        return peer + " heard " + text;
    });
    private final A2aEndpoint endpoint = new A2aEndpoint(tasks);

    private String caller = "";

    private JsonNode call(String method, String params) throws InterruptedException {
        var body = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" + method + "\",\"params\":" + params + "}";
        var outcome = endpoint.answer(
                body.getBytes(java.nio.charset.StandardCharsets.UTF_8), new A2aEndpoint.Caller(null, caller, ""));
        return ((Outcome.Whole) outcome).answer();
    }

    private JsonNode send(String text) throws InterruptedException {
        return call("SendMessage", "{\"message\":{\"parts\":[{\"text\":\"" + text + "\"}]}}")
                .path("result")
                .path("task");
    }

    private List<StreamEvent> stream(String method, String params) throws InterruptedException {
        var body = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"" + method + "\",\"params\":" + params + "}";
        var events = (Outcome.Events) endpoint.answer(
                body.getBytes(java.nio.charset.StandardCharsets.UTF_8), new A2aEndpoint.Caller("1.0", caller, ""));
        var all = new ArrayList<StreamEvent>();
        try (var follower = events.follower()) {
            StreamEvent event;
            do {
                event = java.util.Objects.requireNonNull(follower.next(Duration.ofSeconds(10)), "an event within 10 s");
                all.add(event);
            } while (!event.last());
        }
        return all;
    }

    @Test
    void anyTextBecomesACompletedTaskThatHoldsIt() throws InterruptedException {
        var task = send("good morning");
        assertThat(task.path("status").path("state").asText()).isEqualTo("TASK_STATE_COMPLETED");
        assertThat(task.path("artifacts").findValuesAsText("text")).containsExactly("good morning");
    }

    @Test
    void version03IsAnsweredInItsOwnWords() throws InterruptedException {
        var result = call("message/send", "{\"message\":{\"parts\":[{\"kind\":\"text\",\"text\":\"hi\"}]}}")
                .path("result");
        assertThat(result.path("kind").asText()).isEqualTo("task");
        assertThat(result.path("status").path("state").asText()).isEqualTo("completed");
        assertThat(result.path("artifacts").findValuesAsText("kind")).containsExactly("text");
    }

    @Test
    void slowSpeaksOneWordAPiece() throws InterruptedException {
        var events = stream("SendStreamingMessage", "{\"message\":{\"parts\":[{\"text\":\"slow one two\"}]}}");
        assertThat(events.getFirst()).isInstanceOf(StreamEvent.Snapshot.class);
        assertThat(events.stream()
                        .filter(StreamEvent.ArtifactUpdate.class::isInstance)
                        .map(event -> ((StreamEvent.ArtifactUpdate) event).text()))
                .containsExactly("one", " two");
        assertThat(events.getLast()).isInstanceOf(StreamEvent.StatusUpdate.class);
    }

    @Test
    void eventsCountsInOrder() throws InterruptedException {
        var events = stream("message/stream", "{\"message\":{\"parts\":[{\"text\":\"events 2000\"}]}}");
        var texts = events.stream()
                .filter(StreamEvent.ArtifactUpdate.class::isInstance)
                .map(event -> ((StreamEvent.ArtifactUpdate) event).text())
                .toList();
        assertThat(texts).hasSize(2000).startsWith("event 1\n").endsWith("event 2000\n");
    }

    @Test
    void failFailsWithItsReason() throws InterruptedException {
        var task = send("fail out of ink");
        assertThat(task.path("status").path("state").asText()).isEqualTo("TASK_STATE_FAILED");
        assertThat(task.path("status").path("message").findValuesAsText("text")).containsExactly("out of ink");
    }

    @Test
    void inputWaitsAndTheNextMessageGoesOn() throws InterruptedException {
        var asked = send("input");
        assertThat(asked.path("status").path("state").asText()).isEqualTo("TASK_STATE_INPUT_REQUIRED");
        var answered = call(
                        "SendMessage",
                        "{\"message\":{\"taskId\":\"" + asked.path("id").asText()
                                + "\",\"parts\":[{\"text\":\"blue\"}]}}")
                .path("result")
                .path("task");
        assertThat(answered.path("id")).isEqualTo(asked.path("id"));
        assertThat(answered.path("status").path("state").asText()).isEqualTo("TASK_STATE_COMPLETED");
        assertThat(answered.path("artifacts").findValuesAsText("text")).containsExactly("blue");
    }

    @Test
    void aTurnThatEndsLateSaysNothingOfTheNextOne() throws Exception {
        var answering = new CountDownLatch(1);
        var asking = new CompletableFuture<Thread>();
        var slow = new Tasks(
                new Engine() {
                    @Override
                    public String runtime() {
                        return "slow";
                    }

                    @Override
                    public String description() {
                        return "Ends its first turn in the middle of the second";
                    }

                    @Override
                    public void work(Message message, Work work) throws Exception {
                        if (work.continued()) {
                            answering.countDown();
                            asking.get().join();
                            work.write(message.text(), true);
                        } else {
                            asking.complete(Thread.currentThread());
                            work.ask("Which?");
                            answering.await();
                        }
                    }
                },
                (peer, text, traceparent) -> "");
        var first = Message.fromUser("input");
        var run = slow.begin(first, "");
        slow.work(run, first, new Tasks.Turn(false, ""));
        run.awaitSettled();
        var second = Message.fromUser("blue");
        assertThat(run.resume(second)).isTrue();
        slow.work(run, second, new Tasks.Turn(true, ""));
        assertThat(run.awaitSettled().toJson(A2aVersion.V1_0).path("artifacts").findValuesAsText("text"))
                .containsExactly("blue");
    }

    @Test
    void askConsultsThePeer() throws InterruptedException {
        var peer = "00000000-0000-0000-0000-000000000001";
        assertThat(send("ask " + peer + " the time").path("artifacts").findValuesAsText("text"))
                .containsExactly(peer + " heard the time");
    }

    @Test
    void aPeerThatCannotBeReachedFailsTheTask() throws InterruptedException {
        var task = send("ask 00000000-0000-0000-0000-000000000001");
        assertThat(task.path("status").path("state").asText()).isEqualTo("TASK_STATE_FAILED");
    }

    @Test
    void aMessageToAFinishedTaskIsRefused() throws InterruptedException {
        var id = send("done").path("id").asText();
        var refused = call("SendMessage", "{\"message\":{\"taskId\":\"" + id + "\",\"parts\":[{\"text\":\"more\"}]}}");
        assertThat(refused.path("error").path("code").asInt()).isEqualTo(-32004);
        assertThat(refused.path("id").asInt()).isEqualTo(7);
    }

    @Test
    void cancelEndsATaskForGood() throws InterruptedException {
        var started = call(
                        "SendMessage",
                        "{\"message\":{\"parts\":[{\"text\":\"sleep 60\"}]},\"configuration\":{\"returnImmediately\":true}}")
                .path("result")
                .path("task");
        var id = started.path("id").asText();
        var canceled = call("CancelTask", "{\"id\":\"" + id + "\"}").path("result");
        assertThat(canceled.path("status").path("state").asText()).isEqualTo("TASK_STATE_CANCELED");
        assertThat(call("tasks/cancel", "{\"id\":\"" + id + "\"}")
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32002);
        assertThat(call("tasks/get", "{\"id\":\"" + id + "\"}")
                        .path("result")
                        .path("status")
                        .path("state")
                        .asText())
                .isEqualTo("canceled");
    }

    @Test
    void subscribingBeginsWithTheTaskAsItStands() throws InterruptedException {
        var id = call(
                        "SendMessage",
                        "{\"message\":{\"parts\":[{\"text\":\"slow a b\"}]},\"configuration\":{\"returnImmediately\":true}}")
                .path("result")
                .path("task")
                .path("id")
                .asText();
        var events = stream("SubscribeToTask", "{\"id\":\"" + id + "\"}");
        assertThat(events.getFirst()).isInstanceOf(StreamEvent.Snapshot.class);
        assertThat(call("SubscribeToTask", "{\"id\":\"" + id + "\"}")
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32004);
    }

    @Test
    void aPeersTasksLookLikeTasksThatDoNotExist() throws InterruptedException {
        caller = "one workspace";
        var id = send("secret").path("id").asText();
        caller = "another";
        assertThat(call("GetTask", "{\"id\":\"" + id + "\"}")
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32001);
        assertThat(call("CancelTask", "{\"id\":\"" + id + "\"}")
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32001);
        assertThat(call("ListTasks", "{}").path("result").path("totalSize").asInt())
                .isZero();
        caller = "";
        assertThat(call("ListTasks", "{}").path("result").path("totalSize").asInt())
                .as("for the operator")
                .isEqualTo(1);
    }

    @Test
    void listPagesNewestFirst() throws InterruptedException {
        send("one");
        send("two");
        var page = call("ListTasks", "{\"pageSize\":1}").path("result");
        assertThat(page.path("tasks").findValuesAsText("text")).contains("two");
        assertThat(page.path("totalSize").asInt()).isEqualTo(2);
        var rest = call(
                "ListTasks",
                "{\"pageSize\":1,\"pageToken\":\"" + page.path("nextPageToken").asText() + "\"}");
        assertThat(rest.path("result").path("tasks").findValuesAsText("text")).contains("one");
        assertThat(rest.path("result").path("nextPageToken").asText()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"{", "[]", "{\"id\":1}", "{\"id\":1,\"method\":\"GetTask\",\"params\":[]}", "null", "\"x\""})
    void whatIsNoCallIsAnsweredWithAnError(String body) throws InterruptedException {
        var outcome = endpoint.answer(
                body.getBytes(java.nio.charset.StandardCharsets.UTF_8), new A2aEndpoint.Caller(null, caller, ""));
        assertThat(((Outcome.Whole) outcome).answer().path("error").path("code").asInt())
                .isLessThan(-32000);
    }

    @Test
    void anUnknownVersionIsRefusedWithTheCallersId() throws InterruptedException {
        var body = "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"GetTask\",\"params\":{\"id\":\"t\"}}";
        var answer = ((Outcome.Whole) endpoint.answer(
                        body.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                        new A2aEndpoint.Caller("9.9", caller, "")))
                .answer();
        assertThat(answer.path("error").path("code").asInt()).isEqualTo(-32009);
        assertThat(answer.path("id").asText()).isEqualTo("x");
    }

    @Test
    void drainingCancelsWhatDoesNotFinish() throws InterruptedException {
        var message = Message.fromUser("sleep 60");
        var run = tasks.begin(message, "");
        tasks.work(run, message, new Tasks.Turn(false, ""));
        tasks.drain(Duration.ofMillis(50));
        assertThat(run.awaitSettled().state().wire(A2aVersion.V0_3)).isEqualTo("canceled");
        assertThat(Json.text(call("SendMessage", "{\"message\":{\"parts\":[{\"text\":\"x\"}]}}")))
                .contains("stopping");
    }
}
