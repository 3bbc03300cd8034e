package ai.molecule.platform.store;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

/// Where a PostgreSQL database is and who we are to it. Its text form hides the password.
public record PostgresAddress(String jdbcUrl, String user, String password) {

    /// Reads `postgres://user:password@host:port/database?options`, the form that `DATABASE_URL` has everywhere.
    ///
    /// @throws IllegalArgumentException when the text is not such a URL
    public static PostgresAddress parse(String url) {
        var uri = URI.create(url);
        var scheme = uri.getScheme();
        if (scheme == null || !(scheme.equals("postgres") || scheme.equals("postgresql"))) {
            throw new IllegalArgumentException("expected postgres://user:password@host:port/database");
        }
        var who = uri.getRawUserInfo();
        if (uri.getHost() == null
                || who == null
                || uri.getPath() == null
                || uri.getPath().length() < 2) {
            throw new IllegalArgumentException("expected postgres://user:password@host:port/database");
        }
        var colon = who.indexOf(':');
        var user = decode(colon < 0 ? who : who.substring(0, colon));
        var password = colon < 0 ? "" : decode(who.substring(colon + 1));
        var port = uri.getPort() < 0 ? 5432 : uri.getPort();
        var options = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return new PostgresAddress(
                "jdbc:postgresql://" + uri.getHost() + ":" + port + uri.getPath() + options, user, password);
    }

    /// The address without its options and password, for messages.
    public String shown() {
        return jdbcUrl.replaceFirst("[?].*", "") + " as " + user;
    }

    @Override
    public String toString() {
        return shown();
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
