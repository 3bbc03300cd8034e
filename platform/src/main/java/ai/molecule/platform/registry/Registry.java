package ai.molecule.platform.registry;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Keys;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Guest;
import ai.molecule.platform.workspace.Life;
import ai.molecule.platform.workspace.Lives;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.DeliveryMode;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// Lets agents announce themselves: the first time with the operator's token or an enrolment, later with the
/// token they got.
///
/// Durable. Every registration begins a new epoch; who speaks for an older one is told that it is superseded.
public final class Registry {

    private final Lives lives;
    private final Access access;
    private final Keys keys;
    private final UrlGuard urls;
    private final Database database;
    private final InstantSource clock;

    public Registry(Lives lives, Access access, Keys keys, UrlGuard urls, Database database, InstantSource clock) {
        this.lives = lives;
        this.access = access;
        this.keys = keys;
        this.urls = urls;
        this.database = database;
        this.clock = clock;
    }

    /// What an agent gets for announcing itself.
    ///
    /// @param authToken its new token, given once; null when the one it showed stays good
    /// @param inboundSecret what the platform will show when it calls the agent
    public record Registered(Workspace workspace, @Nullable String authToken, String inboundSecret) {}

    /// Registers an agent.
    ///
    /// @param bearer what the caller showed, to use it up when it is an enrolment
    /// @throws Refusal when the caller may not, the URL is not allowed, or the workspace is in no state to be
    /// registered
    public Registered register(Caller caller, String bearer, Registration registration) {
        var id = whose(caller, registration);
        checkUrl(id, registration);
        return enter(caller, bearer, registration);
    }

    /// Looks at the URL of an agent outside. Names are looked up, so no transaction may be open.
    ///
    /// @throws Refusal `url_not_allowed`
    public void checkUrl(WorkspaceId id, Registration registration) {
        var outside = lives.find(id).map(found -> found.profile().external()).orElse(true);
        if (outside && !registration.url().isEmpty()) {
            urls.checkWhenNamed(registration.url());
        }
    }

    /// Registers an agent whose URL was looked at.
    ///
    /// @throws Refusal when the caller may not, or the workspace is in no state to be registered
    public Registered enter(Caller caller, String bearer, Registration registration) {
        var id = whose(caller, registration);
        return database.inTransaction(() -> {
            lives.hold(id);
            var token = credential(caller, bearer, id);
            var workspace = lives.change(id, found -> announced(found, registration));
            access.announceEpoch(id);
            return new Registered(
                    workspace, token, keys.inboundSecret(id, workspace.guest().epoch()));
        });
    }

    /// The agent of before its rest is still there: its epoch goes on. Where another registered meanwhile, or
    /// the workspace is in another state by now, nothing changes.
    public void goesOn(WorkspaceId id, long epoch, long generation) {
        lives.change(
                id,
                found -> found.life() instanceof Life.Provisioning
                                && found.guest().epoch() == epoch
                                && found.generation() == generation
                        ? found.with(found.life().registered(clock.instant()))
                        : found);
    }

    /// Replaces the card of a workspace's agent.
    public void updateCard(WorkspaceId id, JsonNode card) {
        Registration.checkCard(card);
        lives.change(id, found -> {
            refuseRemoved(found);
            return found.with(found.guest().showing(card));
        });
    }

    private @Nullable String credential(Caller caller, String bearer, WorkspaceId id) {
        return switch (caller) {
            case Caller.Admin _ -> access.newAgentToken(id).reveal();
            case Caller.Enrolled(var workspace) -> {
                checkSame(workspace, id);
                access.useEnrolment(bearer);
                yield access.newAgentToken(id).reveal();
            }
            case Caller.Agent(var workspace, var _) -> {
                checkSame(workspace, id);
                yield null;
            }
        };
    }

    private Workspace announced(Workspace found, Registration registration) {
        refuseRemoved(found);
        var external = found.profile().external();
        var url = registration.url();
        var guest = Guest.announced(
                url,
                delivery(registration, external),
                registration.agentCard(),
                found.guest().epoch() + 1);
        return found.with(found.life().registered(clock.instant())).with(guest);
    }

    /// Whom a registration is for: an enrolment knows it, everybody else says it.
    private static WorkspaceId whose(Caller caller, Registration registration) {
        var named = registration.id();
        if (named != null) {
            return named;
        }
        return switch (caller) {
            case Caller.Enrolled(var workspace) -> workspace;
            case Caller.Agent(var workspace, var _) -> workspace;
            case Caller.Admin _ ->
                throw new Refusal(Refusal.Reason.INVALID_FIELD, "Expected \"id\" to name the workspace");
        };
    }

    /// An agent of our own backends is reached where its backend says, an external one without a URL asks.
    private static DeliveryMode delivery(Registration registration, boolean external) {
        var said = registration.delivery();
        if (said == DeliveryMode.PUSH && external && registration.url().isEmpty()) {
            throw new Refusal(
                    Refusal.Reason.INVALID_FIELD,
                    "Expected \"url\" for \"delivery_mode\": \"push\"; without one: \"uplink\" or \"poll\"");
        }
        if (said != null) {
            return said;
        }
        return external && registration.url().isEmpty() ? DeliveryMode.POLL : DeliveryMode.PUSH;
    }

    private static void refuseRemoved(Workspace found) {
        if (found.life() instanceof Life.Removed) {
            throw new Refusal(
                    Refusal.Reason.WORKSPACE_REMOVED, "Expected a workspace, but " + found.id() + " was removed");
        }
    }

    private static void checkSame(WorkspaceId own, WorkspaceId named) {
        if (!own.equals(named)) {
            throw new Refusal(
                    Refusal.Reason.FORBIDDEN,
                    "Expected the credential of workspace " + named + ", but found another's");
        }
    }
}
