package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.Size;

/// About what machines cost by Fly's list of prices, without volumes and traffic; regions differ from it.
///
/// Source: Fly's published prices of shared processors, each with 256 MB, and of memory beyond.
final class FlyPrice {

    private static final double CPU_MONTH = 1.94;
    private static final double GIGABYTE_MONTH = 5;
    private static final double MONTH_HOURS = 30 * 24;

    private FlyPrice() {}

    /// US dollars for an hour of a machine that runs.
    static double hourly(Size size) {
        var guest = Recipe.guest(size);
        var cpus = guest.path("cpus").asInt();
        var more = guest.path("memory_mb").asInt() - 256 * cpus;
        return (cpus * CPU_MONTH + more / 1024.0 * GIGABYTE_MONTH) / MONTH_HOURS;
    }
}
