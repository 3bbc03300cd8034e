package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.flyio.FlyException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at what is set before the first machine is made, and says what is wrong with it in one line.
final class FlyCheck {

    private static final Logger LOG = LoggerFactory.getLogger(FlyCheck.class);

    private FlyCheck() {}

    static void check(Fly fly, FlySettings settings) throws FlyException, BackendException {
        try {
            if (fly.tokenApps().isEmpty()) {
                LOG.warn(
                        "FLY_API_TOKEN is good for a whole organisation; one for the app {} alone would do:"
                                + " fly tokens create deploy -a {}",
                        settings.app(),
                        settings.app());
            }
        } catch (FlyException failed) {
            if (failed.kind() != Kind.FORBIDDEN) {
                throw failed;
            }
            throw new BackendException(
                    "FLY_API_TOKEN: Fly does not accept it; make another: fly tokens create deploy -a " + settings.app()
                            + " (" + failed.getMessage() + ")",
                    failed);
        }
        try {
            fly.describeApp();
        } catch (FlyException failed) {
            if (failed.kind() == Kind.GONE) {
                throw new BackendException(
                        "FLY_WORKSPACE_APP: there is no app " + settings.app() + "; make it: fly apps create "
                                + settings.app(),
                        failed);
            }
            if (failed.kind() == Kind.FORBIDDEN) {
                throw new BackendException(
                        "FLY_WORKSPACE_APP: FLY_API_TOKEN is not good for the app " + settings.app()
                                + "; make one that is: fly tokens create deploy -a " + settings.app(),
                        failed);
            }
            throw failed;
        }
        if (settings.reach() instanceof FlyReach.Public && !fly.hasPublicAddress()) {
            throw new BackendException("FLY_REACH: the app " + settings.app()
                    + " has no public address; give it one: fly ips allocate-v4 --shared -a " + settings.app()
                    + ", or set FLY_REACH=private where the platform is in Fly's private network");
        }
    }
}
