package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.platform.backend.flyio.FlyException.Kind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What Fly answers, as its clients recorded it, and what it means.
class FlyExceptionTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "401|{\"error\":\"Authenticate: token validation error\"}|FORBIDDEN",
                "403|{\"error\":\"unauthorized\"}|FORBIDDEN",
                "403|{\"error\":\"ams is over the allowed quota\"}|QUOTA",
                "404|{\"error\":\"machine not found\"}|GONE",
                "404|404 page not found|INVALID",
                "408|{\"error\":\"deadline_exceeded: machine failed to reach desired state, started, currently created\"}|NOT_YET",
                "408|{\"error\":\"deadline_exceeded: host is not answering\"}|AWAY",
                "409|{\"error\":\"aborted: could not reserve resource for machine: insufficient memory available to fulfill request\"}|HOST_FULL",
                "409|{\"error\":\"aborted: no capacity\"}|REGION_FULL",
                "409|{\"error\":\"governor policy blocked start\"}|HOST_FULL",
                "409|{\"error\":\"already_exists: unique machine name violation, machine ID e148 already exists with name x\"}|NAME_TAKEN",
                "422|{\"error\":\"already_exists: unique machine name violation, machine ID e148 already exists with name x\"}|NAME_TAKEN",
                "409|{\"error\":\"machine ID e148 lease currently held by me@tokens.fly.io, expires at 2026-11-24T00:00:00Z\"}|LEASED",
                "412|{\"error\":\"machine ID e148 lease currently held by me@tokens.fly.io, expires at 2026-11-24T00:00:00Z\"}|LEASED",
                "409|{\"error\":\"aborted: machine update failed due to concurrent update\"}|OVERTAKEN",
                "412|{\"error\":\"failed_precondition: machine still active, refusing to start\"}|BUSY",
                "412|{\"error\":\"failed_precondition: machine getting replaced, refusing to start\"}|BUSY",
                "412|{\"error\":\"insufficient resources to create new machine with existing volume id 'vol_1'\",\"status\":\"volume_placement_capacity\"}|HOST_FULL",
                "422|{\"error\":\"could not find a candidate host\",\"status\":\"insufficient_capacity\"}|REGION_FULL",
                "422|{\"error\":\"Your organization has reached its machine limit. Please contact billing@fly.io\"}|QUOTA",
                "422|{\"error\":\"To create more than 1 machine per app please add a payment method.\"}|QUOTA",
                "422|{\"message\":\"unsupported guest cpu kind\"}|INVALID",
                "400|{\"error\":\"no capacity\"}|REGION_FULL",
                "400|{\"error\":\"invalid_argument: x\"}|INVALID",
                "429||LIMITED",
                "500|upstream connect error|AWAY",
                "502||AWAY",
                "503|{not json|AWAY",
            })
    void everyAnswerHasItsMeaning(int status, String body, Kind kind) {
        var text = body == null ? "" : body;
        var failed = FlyException.of("start machine e148", status, text, text.startsWith("{"), "01REQUEST-ord");
        assertThat(failed.kind()).isEqualTo(kind);
        assertThat(failed).hasMessageContaining("start machine e148").hasMessageContaining("01REQUEST-ord");
        switch (kind) {
            case AWAY, LIMITED, FORBIDDEN, LEASED, BUSY, OVERTAKEN, NOT_YET ->
                assertThat(failed.toBackend()).isInstanceOf(BackendAwayException.class);
            case GONE, HOST_FULL, REGION_FULL, QUOTA, NAME_TAKEN, INVALID ->
                assertThat(failed.toBackend()).isInstanceOf(BackendRefusedException.class);
        }
    }
}
