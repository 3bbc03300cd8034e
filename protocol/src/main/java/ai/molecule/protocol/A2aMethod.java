package ai.molecule.protocol;

import java.util.Optional;

/// The eleven operations of A2A, under the names that JSON-RPC has for them (A2A 1.0, section 9; 0.3, section
/// 7).
public enum A2aMethod {
    SEND("SendMessage", "message/send"),
    STREAM("SendStreamingMessage", "message/stream"),
    GET("GetTask", "tasks/get"),
    LIST("ListTasks", "tasks/list"),
    CANCEL("CancelTask", "tasks/cancel"),
    SUBSCRIBE("SubscribeToTask", "tasks/resubscribe"),
    CREATE_PUSH("CreateTaskPushNotificationConfig", "tasks/pushNotificationConfig/set"),
    GET_PUSH("GetTaskPushNotificationConfig", "tasks/pushNotificationConfig/get"),
    LIST_PUSH("ListTaskPushNotificationConfigs", "tasks/pushNotificationConfig/list"),
    DELETE_PUSH("DeleteTaskPushNotificationConfig", "tasks/pushNotificationConfig/delete"),
    EXTENDED_CARD("GetExtendedAgentCard", "agent/getAuthenticatedExtendedCard");

    private final String v1;
    private final String v03;

    A2aMethod(String v1, String v03) {
        this.v1 = v1;
        this.v03 = v03;
    }

    /// The name in a version.
    public String name(A2aVersion version) {
        return switch (version) {
            case V1_0 -> v1;
            case V0_3 -> v03;
        };
    }

    /// True when the answer is a stream of events.
    public boolean streams() {
        return this == STREAM || this == SUBSCRIBE;
    }

    /// True when it brings a message.
    public boolean sends() {
        return this == SEND || this == STREAM;
    }

    /// Finds the operation by either name.
    public static Optional<Spoken> parse(String name) {
        for (var method : values()) {
            if (method.v1.equals(name)) {
                return Optional.of(new Spoken(method, A2aVersion.V1_0));
            }
            if (method.v03.equals(name)) {
                return Optional.of(new Spoken(method, A2aVersion.V0_3));
            }
        }
        return Optional.empty();
    }

    /// An operation together with the version whose name was used for it.
    public record Spoken(A2aMethod method, A2aVersion version) {}
}
