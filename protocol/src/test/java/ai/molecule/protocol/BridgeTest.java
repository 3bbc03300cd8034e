package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.protocol.Json.MalformedException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Between the versions: whatever comes in is kept as 1.0, and goes out as 0.3 where it must.
class BridgeTest {

    private static ObjectNode read(String json) throws MalformedException {
        return (ObjectNode) Json.read(json.replace('\'', '"'));
    }

    private static String canonical(String message) throws MalformedException {
        return Json.text(Canonical.message(read(message), "ROLE_USER").orElseThrow());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'kind':'text','text':'a'} | {'text':'a'}",
                "{'type':'text','text':'a'} | {'text':'a'}",
                "{'text':'a','metadata':{'kind':'x'}} | {'text':'a','metadata':{'kind':'x'}}",
                "{'kind':'file','file':{'bytes':'QQ==','mimeType':'image/png','name':'a.png'}}"
                        + " | {'raw':'QQ==','mediaType':'image/png','filename':'a.png'}",
                "{'kind':'file','file':{'uri':'https://x/'},'novel':1} | {'novel':1,'url':'https://x/'}",
                "{'kind':'data','data':{'type':'text'}} | {'data':{'type':'text'}}",
                "{'media_type':'text/plain','text':'a'} | {'mediaType':'text/plain','text':'a'}"
            })
    void partsAreReadInEverySpelling(String part, String kept) throws MalformedException {
        var message = canonical("{'messageId':'m','role':'user','parts':[" + part + "]}");
        assertThat(message)
                .isEqualTo("{\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"parts\":[" + kept.replace('\'', '"') + "]}");
    }

    @Test
    void whatIsMissingInAMessageIsFilledIn() throws MalformedException {
        var message = Canonical.message(
                        read("{'role':'assistant','context_id':'c','task_id':'','parts':[{'text':'a'}]}"), "ROLE_USER")
                .orElseThrow();
        assertThat(message.path("messageId").asText()).hasSize(36);
        assertThat(message.path("role").asText()).isEqualTo("ROLE_AGENT");
        assertThat(message.path("contextId").asText()).isEqualTo("c");
        assertThat(message.has("taskId")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'task':{'id':'t','status':{'state':'TASK_STATE_WORKING'}}}"
                        + " | {'kind':'task','id':'t','status':{'state':'working'}}",
                "{'statusUpdate':{'taskId':'t','status':{'state':'TASK_STATE_INPUT_REQUIRED'}}}"
                        + " | {'kind':'status-update','taskId':'t','status':{'state':'input-required'},'final':true}",
                "{'artifactUpdate':{'taskId':'t','artifact':{'artifactId':'a','parts':[{'text':'x'}]},'append':true}}"
                        + " | {'kind':'artifact-update','taskId':'t','artifact':{'artifactId':'a','parts':[{'kind':'text','text':'x'}]},'append':true}",
                "{'message':{'messageId':'m','role':'ROLE_AGENT','parts':[{'raw':'QQ==','filename':'f'}]}}"
                        + " | {'kind':'message','messageId':'m','role':'agent','parts':[{'kind':'file','file':{'bytes':'QQ==','name':'f'}}]}"
            })
    void eventsGoOverAndBack(String current, String legacy) throws MalformedException {
        assertThat(Json.text(Legacy.event(read(current)))).isEqualTo(legacy.replace('\'', '"'));
        assertThat(Canonical.event(read(legacy))).contains(read(current));
    }

    @Test
    void callsOfTheOldVersionAreUnderstood() throws Exception {
        var call = A2aCall.overJsonRpc(
                read(
                        "{'id':7,'method':'message/send','params':{'message':{'parts':[]},'configuration':{'blocking':false,"
                                + "'pushNotificationConfig':{'url':'u','authentication':{'schemes':['Bearer'],'credentials':'c'}}}}}"),
                null);
        assertThat(Json.text(call.params().path("configuration")))
                .isEqualTo("{\"returnImmediately\":true,\"taskPushNotificationConfig\":{\"url\":\"u\","
                        + "\"authentication\":{\"credentials\":\"c\",\"scheme\":\"Bearer\"}}}");
        var push = A2aCall.overJsonRpc(
                read(
                        "{'method':'tasks/pushNotificationConfig/get','params':{'id':'t','pushNotificationConfigId':'c'}}"),
                "0.3");
        assertThat(Json.text(push.params())).isEqualTo("{\"id\":\"c\",\"taskId\":\"t\"}");
    }

    @Test
    void theHistoryKeepsWhatEachStatusSaid() throws MalformedException {
        var tree = new TaskTree();
        tree.apply(read("{'task':{'id':'t','status':{'state':'TASK_STATE_SUBMITTED'},'history':[{'messageId':'1'}]}}"));
        tree.apply(
                read("{'statusUpdate':{'status':{'state':'TASK_STATE_INPUT_REQUIRED','message':{'messageId':'2'}}}}"));
        tree.apply(read("{'statusUpdate':{'status':{'state':'TASK_STATE_SUBMITTED'}},'heard':{'messageId':'3'}}"));
        tree.apply(read("{'artifactUpdate':{'artifact':{'artifactId':'a','parts':[{'text':'x'}]}}}"));
        tree.apply(read("{'artifactUpdate':{'artifact':{'artifactId':'a','parts':[{'text':'y'}]},'append':true}}"));
        tree.apply(read("{'message':{'messageId':'4','parts':[]}}"));
        assertThat(tree.state()).isEqualTo(TaskState.COMPLETED);
        assertThat(tree.task().path("history").findValuesAsText("messageId")).containsExactlyInAnyOrder("1", "2", "3");
        assertThat(tree.task().path("artifacts").path(0).path("parts").findValuesAsText("text"))
                .containsExactly("x", "y");
    }
}
