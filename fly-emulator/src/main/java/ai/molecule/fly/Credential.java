package ai.molecule.fly;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What a token may do.
///
/// @param org the organisation it is for
/// @param app the one app it is for; empty for every app of the organisation
/// @param writes false for one that may only read
/// @param expired true for one that was good once
public record Credential(String org, String app, boolean writes, boolean expired) {

    /// For one app, as `fly tokens create deploy` makes it.
    public static Credential deploy(String org, String app) {
        return new Credential(org, app, true, false);
    }

    /// For everything in an organisation.
    public static Credential organisation(String org) {
        return new Credential(org, "", true, false);
    }

    /// For looking at everything in an organisation.
    public static Credential readOnly(String org) {
        return new Credential(org, "", false, false);
    }

    /// One whose time is over.
    public static Credential expired(String org) {
        return new Credential(org, "", true, true);
    }

    private static final Set<String> MACAROONS = Set.of("fm2_", "fm1r_", "fm1a_");

    /// Who shows a header: `Bearer <token>` for other tokens, `FlyV1 <macaroons>` or `Bearer FlyV1
    /// <macaroons>`.
    ///
    /// @throws Refusal 401 when nobody known does
    static Credential of(String header, Map<String, Credential> known) {
        return token(header)
                .flatMap(token -> Arrays.stream(token.split(",", -1))
                        .map(part -> Optional.ofNullable(known.get(part.strip())))
                        .flatMap(Optional::stream)
                        .findFirst())
                .filter(credential -> !credential.expired())
                .orElseThrow(() -> new Refusal(401, "Authenticate: token validation error"));
    }

    private static Optional<String> token(String header) {
        var macaroon = header.startsWith("Bearer FlyV1 ") ? header.substring("Bearer ".length()) : header;
        if (macaroon.startsWith("FlyV1 ")) {
            return Optional.of(macaroon.substring("FlyV1 ".length()));
        }
        return Optional.of(header)
                .filter(text -> text.startsWith("Bearer "))
                .map(text -> text.substring("Bearer ".length()))
                .filter(token -> MACAROONS.stream().noneMatch(token::startsWith));
    }

    /// @throws Refusal 403 when it may not do that with an app of an organisation
    void check(Operation operation, String ownOrg, String name) {
        if (!ownOrg.isEmpty() && (!org.equals(ownOrg) || (!app.isEmpty() && !app.equals(name)))) {
            throw new Refusal(403, "unauthorized: this token has no access to it");
        }
        if (!writes && !operation.reads()) {
            throw new Refusal(403, "unauthorized: this token is read-only");
        }
        if (!app.isEmpty() && operation == Operation.CREATE_APP) {
            throw new Refusal(403, "unauthorized: this token is for one app");
        }
    }
}
