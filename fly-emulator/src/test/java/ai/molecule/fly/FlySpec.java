package ai.molecule.fly;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.protocol.Json;
import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.LevelResolver;
import com.atlassian.oai.validator.report.ValidationReport;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Fly's own description of its API, against which both sides of every exchange are held. It is not ours to
/// keep: where it is not there, nothing is held against it, but in CI it must be.
public final class FlySpec implements Consumer<Exchanged> {

    /// What the wire has and the description has not, as Fly's clients and documentation show.
    private static final List<String> BEYOND = List.of(
            "[\"cordoned\"]",
            "[\"data\",\"status\"]",
            "[\"Nearest\",\"Regions\"]",
            "/autostop'] Instance value (false)",
            "/autostop'] Instance type (boolean)",
            "/secrets 200: validation.request.body.schema.type: [Path '/values/");

    private static final Set<String> NOT_DESCRIBED = Set.of("/api/v1/apps/");

    private static final AtomicReference<@Nullable OpenApiInteractionValidator> KNOWN = new AtomicReference<>();

    private final OpenApiInteractionValidator validator;
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private int seen;

    private FlySpec(OpenApiInteractionValidator validator) {
        this.validator = validator;
    }

    private static OpenApiInteractionValidator validator(String description) {
        return OpenApiInteractionValidator.createForInlineApiSpecification(description)
                .withBasePathOverride("/v1")
                .withLevelResolver(LevelResolver.create()
                        .withLevel("validation.request.parameter.query.unexpected", ValidationReport.Level.IGNORE)
                        .withLevel("validation.request.body.unexpected", ValidationReport.Level.IGNORE)
                        .withLevel("validation.response.body.unexpected", ValidationReport.Level.IGNORE)
                        .withLevel("validation.response.status.unknown", ValidationReport.Level.IGNORE)
                        .build())
                .build();
    }

    /// Read once: it is large.
    private static synchronized OpenApiInteractionValidator read(Path file) throws IOException {
        var known = KNOWN.get();
        if (known == null) {
            known = validator(readable(Files.readString(file)));
            KNOWN.set(known);
        }
        return known;
    }

    /// The description, where it is.
    public static Optional<FlySpec> find() throws IOException {
        var file = Path.of("..", "..", "shared", "reference", "fly-openapi.json");
        if (Files.exists(file)) {
            return Optional.of(new FlySpec(read(file)));
        }
        assertThat(System.getenv().getOrDefault("CI", ""))
                .as("in CI, %s must be there", file)
                .isEmpty();
        return Optional.empty();
    }

    /// Without the names of its operations, of which it has one twice.
    private static String readable(String description) {
        var json = Json.trusted(description);
        json.path("paths")
                .forEach(path -> path.forEach(operation -> {
                    if (operation instanceof ObjectNode object) {
                        object.remove("operationId");
                    }
                }));
        return Json.text(json);
    }

    @Override
    public synchronized void accept(Exchanged exchanged) {
        if (NOT_DESCRIBED.stream().anyMatch(exchanged.path()::startsWith)) {
            return;
        }
        seen++;
        var request = new SimpleRequest.Builder(Request.Method.valueOf(exchanged.method()), exchanged.path());
        Asked.query(exchanged.query()).forEach((name, values) -> request.withQueryParam(name, values));
        if (!exchanged.nonce().isEmpty()) {
            request.withHeader("fly-machine-lease-nonce", exchanged.nonce());
        }
        if (!exchanged.request().isEmpty()) {
            request.withContentType("application/json").withBody(exchanged.request());
        }
        var response = SimpleResponse.Builder.status(exchanged.status());
        if (!exchanged.answer().isEmpty()) {
            response.withContentType("application/json").withBody(exchanged.answer());
        }
        var valid = exchanged.status() / 100 == 2;
        var report = valid
                ? validator.validate(request.build(), response.build())
                : validator.validateResponse(
                        exchanged.path(), Request.Method.valueOf(exchanged.method()), response.build());
        report.getMessages().stream()
                .filter(message -> message.getLevel() == ValidationReport.Level.ERROR)
                .map(message -> exchanged.method() + " " + exchanged.path() + " " + exchanged.status() + ": "
                        + message.getKey() + ": " + message.getMessage())
                .filter(text -> BEYOND.stream().noneMatch(text::contains))
                .forEach(violations::add);
    }

    /// How many exchanges were held against it.
    public synchronized int seen() {
        return seen;
    }

    /// What did not fit.
    public List<String> violations() {
        return List.copyOf(violations);
    }
}
