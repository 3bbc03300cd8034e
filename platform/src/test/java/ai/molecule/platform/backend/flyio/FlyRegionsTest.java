package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.fly.FlyEmulator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlyRegionsTest {

    private static TestFly fly;
    private static FlyRegions regions;

    @BeforeAll
    static void ask() throws Exception {
        fly = TestFly.imaginary(FlyEmulator.Options.quick());
        try (var line = new Fly(fly.settings(UUID.randomUUID()))) {
            regions = line.regions();
        }
    }

    @AfterAll
    static void close() {
        fly.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ams|ams",
                "AMS|ams",
                "ams,fra|ams,fra",
                "fra, ams ,fra|fra,ams",
                "sa|gru",
                "ams,sa|ams,gru",
                "waw|arn",
                "mad|cdg",
                "sea|sjc",
                "hkg|sin",
                "eu-central-1|fra",
                "us-east-1|iad",
                "Frankfurt|fra",
                "chicago|ord",
                "52.4/4.9|ams",
                "-33.9/18.4|jnb",
                "moon,lhr|lhr",
            })
    void aWordMeansARegion(String wanted, String meant) {
        assertThat(String.join(",", regions.choose(wanted, "ord").codes())).isEqualTo(meant);
    }

    @Test
    void whatNobodyKnowsMeansTheStandardAndIsSaid() {
        assertThat(regions.choose("moon", "ord"))
                .isEqualTo(new FlyRegions.Choice(List.of("ord"), "no region is known by the name of moon; taking ord"));
        assertThat(regions.choose("", "ams,fra")).isEqualTo(new FlyRegions.Choice(List.of("ams", "fra"), ""));
    }
}
