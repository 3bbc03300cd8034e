package ai.molecule.platform;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// The floor plan: which room may walk into which. ARCHITECTURE.md holds the same table.
@AnalyzeClasses(packages = "ai.molecule.platform", importOptions = ImportOption.DoNotIncludeTests.class)
class FloorPlanTest {

    private static final String HOUSE = "ai.molecule.platform.";

    static final Map<String, Set<String>> DOORS = Map.ofEntries(
            entry(
                    "edge",
                    Set.of(
                            "approval",
                            "configuration",
                            "memory",
                            "spending",
                            "a2a",
                            "live",
                            "admission",
                            "ledger",
                            "uplink",
                            "registry",
                            "workspace",
                            "secret",
                            "access",
                            "journal",
                            "store")),
            entry("approval", Set.of("a2a", "ledger", "workspace", "secret", "journal", "store")),
            entry("spending", Set.of("workspace", "journal", "store")),
            entry("configuration", Set.of("workspace", "journal", "store")),
            entry("memory", Set.of("workspace", "secret", "journal", "store")),
            entry("admission", Set.of("registry", "workspace", "secret", "access", "journal", "store")),
            entry("uplink", Set.of("registry", "workspace", "access", "store")),
            entry("a2a", Set.of("ledger", "spending", "uplink", "registry", "workspace", "journal", "access", "store")),
            entry("live", Set.of("ledger", "workspace", "journal", "store")),
            entry("ledger", Set.of("registry", "journal", "access", "store")),
            entry("registry", Set.of("workspace", "access", "journal", "store")),
            entry("workspace", Set.of("secret", "access", "backend", "journal", "store")),
            entry("secret", Set.of("journal", "store")),
            entry("journal", Set.of("store")),
            entry("access", Set.of("store")),
            entry("backend", Set.of()),
            entry("store", Set.of()));

    @ArchTest
    static void everyRoomIsOnThePlan(JavaClasses classes) {
        var rooms = classes.stream()
                .map(one -> one.getPackageName())
                .filter(name -> name.startsWith(HOUSE))
                .map(name -> name.substring(HOUSE.length()).replaceFirst("[.].*", ""))
                .collect(Collectors.toSet());
        assertThat(rooms).isEqualTo(DOORS.keySet());
    }

    @ArchTest
    static void aWalkGoesInwardOnly(JavaClasses classes) {
        DOORS.forEach((room, doors) -> {
            var closed = DOORS.keySet().stream()
                    .filter(other -> !other.equals(room) && !doors.contains(other))
                    .map(other -> HOUSE + other + "..")
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(HOUSE + room + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(closed)
                    .because("there is no door from " + room + "; see ARCHITECTURE.md")
                    .check(classes);
        });
    }

    @ArchTest
    static void nobodyWalksBackToTheFloorPlan(JavaClasses classes) {
        noClasses()
                .that()
                .resideInAPackage(HOUSE + "*..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.molecule.platform")
                .because("rooms are built by the house, they do not know it")
                .check(classes);
    }

    @ArchTest
    static void sqlIsWrittenInStoresOnly(JavaClasses classes) {
        noClasses()
                .that()
                .haveSimpleNameNotEndingWith("Store")
                .and()
                .resideOutsideOfPackage(HOUSE + "store..")
                .should()
                .callMethodWhere(com.tngtech.archunit.base.DescribedPredicate.describe(
                        "runs SQL",
                        call -> call.getTargetOwner().getFullName().equals("ai.molecule.platform.store.Database")
                                && Set.of("query", "first", "update").contains(call.getName())))
                .because("SQL stands beside its record mapping, in *Store classes")
                .check(classes);
    }

    @ArchTest
    static void httpsInboundWordsStayAtTheEdge(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackage(HOUSE + "edge..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.helidon..")
                .because("only the edge knows how calls come in")
                .check(classes);
    }

    @ArchTest
    static void timeIsInjected(JavaClasses classes) {
        noClasses()
                .that()
                .resideInAPackage(HOUSE + "*..")
                .should()
                .callMethod(java.time.Instant.class, "now")
                .because("tests turn the clock")
                .check(classes);
    }
}
