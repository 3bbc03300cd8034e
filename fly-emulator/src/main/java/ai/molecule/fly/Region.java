package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The places where hosts are, with about where the city is.
enum Region {
    AMS("Amsterdam, Netherlands", 52.4, 4.9, "europe"),
    ARN("Stockholm, Sweden", 59.3, 18.1, "europe"),
    BOM("Mumbai, India", 19.1, 72.9, "asia_pacific"),
    CDG("Paris, France", 48.9, 2.4, "europe"),
    DFW("Dallas, Texas (US)", 32.8, -96.8, "north_america"),
    EWR("Secaucus, NJ (US)", 40.8, -74.1, "north_america"),
    FRA("Frankfurt, Germany", 50.1, 8.7, "europe"),
    GRU("Sao Paulo, Brazil", -23.6, -46.6, "south_america"),
    IAD("Ashburn, Virginia (US)", 39.0, -77.5, "north_america"),
    JNB("Johannesburg, South Africa", -26.2, 28.0, "africa"),
    LAX("Los Angeles, California (US)", 34.1, -118.2, "north_america"),
    LHR("London, United Kingdom", 51.5, -0.1, "europe"),
    NRT("Tokyo, Japan", 35.7, 139.7, "asia_pacific"),
    ORD("Chicago, Illinois (US)", 41.9, -87.6, "north_america"),
    SIN("Singapore, Singapore", 1.35, 103.8, "asia_pacific"),
    SJC("San Jose, California (US)", 37.3, -121.9, "north_america"),
    SYD("Sydney, Australia", -33.9, 151.2, "asia_pacific"),
    YYZ("Toronto, Canada", 43.7, -79.4, "north_america");

    private static final Map<String, Set<String>> ALIASES = Map.of(
            "us", Set.of("dfw", "ewr", "iad", "lax", "ord", "sjc"),
            "usa", Set.of("dfw", "ewr", "iad", "lax", "ord", "sjc"),
            "na", Set.of("dfw", "ewr", "iad", "lax", "ord", "sjc", "yyz"),
            "sa", Set.of("gru"),
            "eu", Set.of("ams", "arn", "cdg", "fra", "lhr"),
            "apac", Set.of("bom", "nrt", "sin", "syd"));

    private final String city;
    private final double latitude;
    private final double longitude;
    private final String geography;

    Region(String city, double latitude, double longitude, String geography) {
        this.city = city;
        this.latitude = latitude;
        this.longitude = longitude;
        this.geography = geography;
    }

    String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The regions that an expression means, in its order: codes, aliases and `any`, with commas between.
    ///
    /// @throws Refusal 422 when a word means none
    static List<String> meant(String expression) {
        var codes = Arrays.stream(values()).map(Region::code).toList();
        var meant = new LinkedHashSet<String>();
        for (var word : expression.split(",", -1)) {
            if (word.equals("any")) {
                meant.addAll(codes);
            } else if (ALIASES.containsKey(word)) {
                codes.stream()
                        .filter(ALIASES.getOrDefault(word, Set.of())::contains)
                        .forEach(meant::add);
            } else if (codes.contains(word)) {
                meant.add(word);
            } else {
                throw Refusal.unprocessable("invalid_argument: unknown region \"" + word + "\"");
            }
        }
        return new ArrayList<>(meant);
    }

    /// What `GET /v1/platform/regions` answers; with capital letters, as on the wire.
    static JsonNode list() {
        var answer = Json.object().put("Nearest", ORD.code());
        var rows = answer.putArray("Regions");
        for (var one : values()) {
            rows.addObject()
                    .put("code", one.code())
                    .put("name", one.city)
                    .put("latitude", one.latitude)
                    .put("longitude", one.longitude)
                    .put("geo_region", one.geography)
                    .put("gateway_available", one != GRU && one != JNB)
                    .put("requires_paid_plan", false)
                    .put("deprecated", false);
        }
        return answer;
    }
}
