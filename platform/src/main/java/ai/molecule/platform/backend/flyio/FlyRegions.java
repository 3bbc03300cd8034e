package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.Region;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which of Fly's regions somebody means.
///
/// A word may be a region's code, one of Fly's names for several (`eu`), the beginning of a city's name, a
/// place that Fly has left, a region of another provider, or a point, `52.4/4.9`: of the latter three the
/// region is meant that is closest by the coordinates that Fly itself gives. Several words, with commas, are an
/// order of preference.
final class FlyRegions {

    private static final Logger LOG = LoggerFactory.getLogger(FlyRegions.class);
    private static final Pattern POINT = Pattern.compile("(-?[0-9]{1,2}(?:\\.[0-9]+)?)/(-?[0-9]{1,3}(?:\\.[0-9]+)?)");

    /// Where places are that are no regions of Fly, or none any more: degrees north and east.
    private static final Map<String, Point> ELSEWHERE = Map.ofEntries(
            Map.entry("atl", new Point(33.6, -84.4)),
            Map.entry("bog", new Point(4.7, -74.1)),
            Map.entry("bos", new Point(42.4, -71.0)),
            Map.entry("den", new Point(39.7, -105.0)),
            Map.entry("eze", new Point(-34.6, -58.4)),
            Map.entry("gdl", new Point(20.7, -103.3)),
            Map.entry("gig", new Point(-22.9, -43.2)),
            Map.entry("hkg", new Point(22.3, 114.2)),
            Map.entry("mad", new Point(40.4, -3.7)),
            Map.entry("mia", new Point(25.8, -80.2)),
            Map.entry("otp", new Point(44.4, 26.1)),
            Map.entry("phx", new Point(33.4, -112.1)),
            Map.entry("qro", new Point(20.6, -100.4)),
            Map.entry("scl", new Point(-33.4, -70.7)),
            Map.entry("sea", new Point(47.6, -122.3)),
            Map.entry("waw", new Point(52.2, 21.0)),
            Map.entry("yul", new Point(45.5, -73.6)),
            Map.entry("us-east-1", new Point(38.9, -77.4)),
            Map.entry("us-east-2", new Point(40.0, -83.0)),
            Map.entry("us-west-1", new Point(37.4, -121.9)),
            Map.entry("us-west-2", new Point(45.8, -119.7)),
            Map.entry("eu-west-1", new Point(53.3, -6.3)),
            Map.entry("eu-west-2", new Point(51.5, -0.1)),
            Map.entry("eu-west-3", new Point(48.9, 2.4)),
            Map.entry("eu-central-1", new Point(50.1, 8.7)),
            Map.entry("eu-north-1", new Point(59.3, 18.1)),
            Map.entry("ap-south-1", new Point(19.1, 72.9)),
            Map.entry("ap-southeast-1", new Point(1.3, 103.8)),
            Map.entry("ap-southeast-2", new Point(-33.9, 151.2)),
            Map.entry("ap-northeast-1", new Point(35.7, 139.7)),
            Map.entry("sa-east-1", new Point(-23.6, -46.6)),
            Map.entry("af-south-1", new Point(-33.9, 18.4)));

    private static final Map<String, Predicate<Row>> SEVERAL = Map.of(
            "eu", row -> row.geography().equals("europe"),
            "na", row -> row.geography().equals("north_america"),
            "us", row -> row.name().contains("(US)"),
            "usa", row -> row.name().contains("(US)"),
            "sa", row -> row.geography().equals("south_america"),
            "apac", row -> row.geography().equals("asia_pacific"),
            "any", row -> true);

    private final List<Row> rows;

    private record Point(double latitude, double longitude) {

        /// The distance over the ground (the haversine formula), in radians.
        double distance(Point other) {
            var north = Math.toRadians(other.latitude - latitude);
            var east = Math.toRadians(other.longitude - longitude);
            var a = Math.pow(Math.sin(north / 2), 2)
                    + Math.cos(Math.toRadians(latitude))
                            * Math.cos(Math.toRadians(other.latitude))
                            * Math.pow(Math.sin(east / 2), 2);
            return 2 * Math.asin(Math.sqrt(a));
        }
    }

    private record Row(String code, String name, Point at, String geography) {}

    /// What somebody means.
    ///
    /// @param codes in order of preference
    /// @param note what is to be said about it, for people; empty for nothing
    record Choice(List<String> codes, String note) {
        Choice {
            codes = List.copyOf(codes);
        }
    }

    private FlyRegions(List<Row> rows) {
        this.rows = List.copyOf(rows);
    }

    /// Reads what Fly says of its regions; on the wire the names begin with capitals, in its description not.
    static FlyRegions of(JsonNode answer) {
        var rows = new ArrayList<Row>();
        for (var row : answer.has("Regions") ? answer.path("Regions") : answer.path("regions")) {
            if (!row.path("deprecated").asBoolean()) {
                rows.add(new Row(
                        row.path("code").asText(),
                        row.path("name").asText(),
                        new Point(
                                row.path("latitude").asDouble(),
                                row.path("longitude").asDouble()),
                        row.path("geo_region").asText()));
            }
        }
        return new FlyRegions(rows);
    }

    /// All of them, by code.
    List<Region> all() {
        return rows.stream()
                .map(row -> new Region(row.code(), row.name()))
                .sorted(Comparator.comparing(Region::code))
                .toList();
    }

    /// What somebody means who says this, or else the operator who says that.
    Choice choose(String wanted, String standard) {
        var unknown = new LinkedHashSet<String>();
        var codes = meant(wanted, unknown);
        var note = unknown.isEmpty() ? "" : "no region is known by the name of " + String.join(", ", unknown);
        if (!codes.isEmpty()) {
            return new Choice(List.copyOf(codes), note);
        }
        var otherwise = meant(standard, new LinkedHashSet<>());
        if (!note.isEmpty()) {
            LOG.warn("{}; FLY_REGION ({}) is taken instead", note, standard);
        }
        return new Choice(
                otherwise.isEmpty() ? List.of(standard) : List.copyOf(otherwise),
                note.isEmpty() ? "" : note + "; taking " + standard);
    }

    private Set<String> meant(String words, Set<String> unknown) {
        var codes = new LinkedHashSet<String>();
        for (var part : words.toLowerCase(Locale.ROOT).split(",", -1)) {
            var word = part.strip();
            if (!word.isEmpty()) {
                var found = meant(word);
                codes.addAll(found);
                if (found.isEmpty()) {
                    unknown.add(word);
                }
            }
        }
        return codes;
    }

    private List<String> meant(String word) {
        var several = SEVERAL.get(word);
        if (several != null) {
            return rows.stream().filter(several).map(Row::code).sorted().toList();
        }
        if (rows.stream().anyMatch(row -> row.code().equals(word))) {
            return List.of(word);
        }
        return place(word).flatMap(this::closest).or(() -> city(word)).stream().toList();
    }

    private static Optional<Point> place(String word) {
        var point = POINT.matcher(word);
        return point.matches()
                ? Optional.of(new Point(Double.parseDouble(point.group(1)), Double.parseDouble(point.group(2))))
                : Optional.ofNullable(ELSEWHERE.get(word));
    }

    private Optional<String> closest(Point point) {
        return rows.stream()
                .min(Comparator.comparingDouble(row -> row.at().distance(point)))
                .map(Row::code);
    }

    private Optional<String> city(String word) {
        return word.length() < 3
                ? Optional.empty()
                : rows.stream()
                        .filter(row -> row.name().toLowerCase(Locale.ROOT).startsWith(word))
                        .map(Row::code)
                        .findFirst();
    }
}
