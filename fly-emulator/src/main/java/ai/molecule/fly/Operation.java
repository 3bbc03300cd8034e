package ai.molecule.fly;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the API can be asked to do.
///
/// Source: Fly's OpenAPI description of the Machines API, and its documentation of leases, tokens and logs.
public enum Operation {
    LIST_REGIONS("GET", "/v1/platform/regions", Limited.NOT),
    PLACE("POST", "/v1/platform/placements", Limited.NOT),
    CURRENT_TOKEN("GET", "/v1/tokens/current", Limited.NOT),
    LIST_ORG_MACHINES("GET", "/v1/orgs/{org}/machines", Limited.BY_APP),
    LIST_APPS("GET", "/v1/apps", Limited.NOT),
    CREATE_APP("POST", "/v1/apps", Limited.NOT),
    GET_APP("GET", "/v1/apps/{app}", Limited.NOT),
    DELETE_APP("DELETE", "/v1/apps/{app}", Limited.NOT),
    LIST_MACHINES("GET", "/v1/apps/{app}/machines", Limited.BY_APP),
    CREATE_MACHINE("POST", "/v1/apps/{app}/machines", Limited.BY_APP),
    GET_MACHINE("GET", "/v1/apps/{app}/machines/{id}", Limited.BY_MACHINE),
    UPDATE_MACHINE("POST", "/v1/apps/{app}/machines/{id}", Limited.BY_MACHINE),
    DESTROY_MACHINE("DELETE", "/v1/apps/{app}/machines/{id}", Limited.BY_MACHINE),
    START_MACHINE("POST", "/v1/apps/{app}/machines/{id}/start", Limited.BY_MACHINE),
    STOP_MACHINE("POST", "/v1/apps/{app}/machines/{id}/stop", Limited.BY_MACHINE),
    SUSPEND_MACHINE("POST", "/v1/apps/{app}/machines/{id}/suspend", Limited.BY_MACHINE),
    RESTART_MACHINE("POST", "/v1/apps/{app}/machines/{id}/restart", Limited.BY_MACHINE),
    SIGNAL_MACHINE("POST", "/v1/apps/{app}/machines/{id}/signal", Limited.BY_MACHINE),
    WAIT_MACHINE("GET", "/v1/apps/{app}/machines/{id}/wait", Limited.BY_MACHINE),
    LIST_EVENTS("GET", "/v1/apps/{app}/machines/{id}/events", Limited.BY_MACHINE),
    LIST_VERSIONS("GET", "/v1/apps/{app}/machines/{id}/versions", Limited.BY_MACHINE),
    CORDON_MACHINE("POST", "/v1/apps/{app}/machines/{id}/cordon", Limited.BY_MACHINE),
    UNCORDON_MACHINE("POST", "/v1/apps/{app}/machines/{id}/uncordon", Limited.BY_MACHINE),
    GET_METADATA("GET", "/v1/apps/{app}/machines/{id}/metadata", Limited.BY_MACHINE),
    REPLACE_METADATA("PUT", "/v1/apps/{app}/machines/{id}/metadata", Limited.BY_MACHINE),
    MERGE_METADATA("PATCH", "/v1/apps/{app}/machines/{id}/metadata", Limited.BY_MACHINE),
    GET_METADATA_KEY("GET", "/v1/apps/{app}/machines/{id}/metadata/{key}", Limited.BY_MACHINE),
    SET_METADATA_KEY("POST", "/v1/apps/{app}/machines/{id}/metadata/{key}", Limited.BY_MACHINE),
    DELETE_METADATA_KEY("DELETE", "/v1/apps/{app}/machines/{id}/metadata/{key}", Limited.BY_MACHINE),
    GET_LEASE("GET", "/v1/apps/{app}/machines/{id}/lease", Limited.BY_MACHINE),
    ACQUIRE_LEASE("POST", "/v1/apps/{app}/machines/{id}/lease", Limited.BY_MACHINE),
    RELEASE_LEASE("DELETE", "/v1/apps/{app}/machines/{id}/lease", Limited.BY_MACHINE),
    EXEC("POST", "/v1/apps/{app}/machines/{id}/exec", Limited.BY_MACHINE),
    LIST_PROCESSES("GET", "/v1/apps/{app}/machines/{id}/ps", Limited.BY_MACHINE),
    LIST_VOLUMES("GET", "/v1/apps/{app}/volumes", Limited.BY_APP),
    CREATE_VOLUME("POST", "/v1/apps/{app}/volumes", Limited.BY_APP),
    GET_VOLUME("GET", "/v1/apps/{app}/volumes/{id}", Limited.BY_MACHINE),
    DELETE_VOLUME("DELETE", "/v1/apps/{app}/volumes/{id}", Limited.BY_MACHINE),
    EXTEND_VOLUME("PUT", "/v1/apps/{app}/volumes/{id}/extend", Limited.BY_MACHINE),
    LIST_SECRETS("GET", "/v1/apps/{app}/secrets", Limited.NOT),
    UPDATE_SECRETS("POST", "/v1/apps/{app}/secrets", Limited.NOT),
    GET_SECRET("GET", "/v1/apps/{app}/secrets/{key}", Limited.NOT),
    SET_SECRET("POST", "/v1/apps/{app}/secrets/{key}", Limited.NOT),
    DELETE_SECRET("DELETE", "/v1/apps/{app}/secrets/{key}", Limited.NOT),
    LIST_IPS("GET", "/v1/apps/{app}/ip_assignments", Limited.NOT),
    ASSIGN_IP("POST", "/v1/apps/{app}/ip_assignments", Limited.NOT),
    RELEASE_IP("DELETE", "/v1/apps/{app}/ip_assignments/{key}", Limited.NOT),
    READ_LOGS("GET", "/api/v1/apps/{app}/logs", Limited.NOT);

    /// Whose calls are counted together.
    enum Limited {
        NOT,
        BY_APP,
        BY_MACHINE
    }

    private final String method;
    private final Pattern path;
    private final Limited limited;

    Operation(String method, String template, Limited limited) {
        this.method = method;
        this.path = Pattern.compile(template.replaceAll("\\{(\\w+)}", "(?<$1>[^/]+)"));
        this.limited = limited;
    }

    /// An operation and the names in the path it was called by.
    record Called(Operation operation, Matcher names) {
        String name(String group) {
            return names.namedGroups().containsKey(group) ? names.group(group) : "";
        }
    }

    /// The operation behind a method and a path; empty where there is none.
    static Optional<Called> of(String method, String path) {
        return Arrays.stream(values())
                .filter(one -> one.method.equals(method))
                .map(one -> new Called(one, one.path.matcher(path)))
                .filter(called -> called.names().matches())
                .findFirst();
    }

    /// The operation of a name, in either case.
    static Optional<Operation> named(String name) {
        return Arrays.stream(values())
                .filter(one -> one.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst();
    }

    Limited limited() {
        return limited;
    }

    boolean reads() {
        return method.equals("GET");
    }

    /// True for what Fly answers without a credential.
    boolean open() {
        return this == LIST_REGIONS;
    }
}
