package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What follows when an agent ends by itself: offline at once, another start after a pause that doubles, and
/// giving up after six in a row.
public final class Deaths {

    static final int DEATHS_MAX = 6;

    private static final Logger LOG = LoggerFactory.getLogger(Deaths.class);
    private static final Duration PAUSE_FIRST = Duration.ofMillis(500);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);
    private static final int REASON_LENGTH_MAX = 2000;
    private static final Duration LONG_LIFE = Duration.ofSeconds(60);

    private final Lives lives;
    private final InstanceStore instances;
    private final Secrets secrets;
    private final Database database;
    private final InstantSource clock;

    public Deaths(Lives lives, Secrets secrets, Database database, InstantSource clock) {
        this.lives = lives;
        this.secrets = secrets;
        this.instances = new InstanceStore(database);
        this.database = database;
        this.clock = clock;
    }

    InstanceStore instances() {
        return instances;
    }

    /// Hears a backend's news; calls back once a row changed.
    ///
    /// @param spares who hears of the agents that have no row yet
    public void attend(Backend backend, Spares spares, Runnable changed) {
        backend.onNews(news -> {
            if (spares.heard(news)) {
                return;
            }
            switch (news) {
                case News.Death(var id, var generation, var how) -> died(id, generation, how);
                case News.Health(var id, var generation, var well, var detail) ->
                    change(id, generation, life -> life.checked(well, told(id, detail), clock.instant()));
                case News.Step(var id, var generation, var step) ->
                    change(id, generation, life -> life.stepped(told(id, step)));
            }
            changed.run();
        });
    }

    /// What agents and engines wrote, as it may stand in a row: one line of bounded length without control
    /// characters and without secrets.
    String told(WorkspaceId id, String text) {
        return Wire.clip(secrets.masked(id, text).replaceAll("\\p{Cntrl}+", " ").strip(), REASON_LENGTH_MAX);
    }

    private void change(WorkspaceId id, long generation, UnaryOperator<Life> step) {
        lives.change(id, found -> found.generation() == generation ? found.with(step.apply(found.life())) : found);
    }

    /// An agent ended that nobody stopped.
    void died(WorkspaceId id, long generation, String reason) {
        var how = told(id, reason);
        database.inTransaction(() -> {
            lives.hold(id);
            var instance = instances.hold(id).orElse(null);
            if (instance == null || instance.generation() != generation || instance.phase() == Instance.Phase.DEAD) {
                return false;
            }
            var now = clock.instant();
            var fallen = new int[1];
            lives.change(id, found -> {
                fallen[0] = livedLong(found, now) ? 1 : instance.deaths() + 1;
                if (found.generation() != generation) {
                    return found;
                }
                var dead = found.with(found.life().died(how, now));
                return fallen[0] < DEATHS_MAX
                        ? dead
                        : dead.with(dead.life().gaveUp("ended " + fallen[0] + " times in a row; last: " + how, now));
            });
            bury(instance, fallen[0], now.plus(pause(fallen[0])));
            LOG.info("Agent of workspace {} ended ({}), {} in a row", id, how, fallen[0]);
            return true;
        });
    }

    /// An agent is not where the row says; it is started again without a pause and without being counted.
    ///
    /// @param how why, for people
    void lost(Instance seen, String how) {
        database.inTransaction(() -> {
            lives.hold(seen.workspace());
            var instance = instances.hold(seen.workspace()).orElse(null);
            if (!seen.equals(instance)) {
                return false;
            }
            var now = clock.instant();
            lives.change(seen.workspace(), found -> found.with(found.life().died(how, now)));
            bury(seen, 0, now);
            return true;
        });
    }

    /// The backend did what was ordered. Should the agent have died before this is stored, its death is not
    /// forgotten.
    ///
    /// @param region where in the world it runs; empty where that is not known
    void running(Instance started, String region) {
        database.inTransaction(() -> {
            lives.hold(started.workspace());
            var stored = instances.hold(started.workspace()).orElse(null);
            if (stored != null
                    && stored.generation() == started.generation()
                    && stored.phase() == Instance.Phase.INTENDED) {
                instances.put(started, clock.instant());
                lives.change(started.workspace(), found -> found.with(new Whereabouts(started.handle(), region)));
            }
            return true;
        });
    }

    private void bury(Instance instance, int fallen, Instant notBefore) {
        instances.put(instance.dead(fallen, notBefore), clock.instant());
    }

    private static boolean livedLong(Workspace workspace, Instant now) {
        return workspace.life().reachable()
                && workspace.life().since().plus(LONG_LIFE).isBefore(now);
    }

    private static Duration pause(int fallen) {
        var pause = PAUSE_FIRST.multipliedBy(1L << Math.min(fallen - 1, 10));
        return pause.compareTo(PAUSE_MAX) < 0 ? pause : PAUSE_MAX;
    }
}
