package ai.molecule.fly;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What goes wrong on purpose. Soft.
public final class Faults {

    private final List<Fault> script = new ArrayList<>();
    private final Map<String, Integer> room = new ConcurrentHashMap<>();
    private final Set<String> fullHosts = ConcurrentHashMap.newKeySet();
    private final Set<String> coldResumes = ConcurrentHashMap.newKeySet();
    private final Set<String> missingImages = ConcurrentHashMap.newKeySet();
    private final Set<String> silentRegions = ConcurrentHashMap.newKeySet();
    private volatile int machinesMax = Integer.MAX_VALUE;

    /// Has the next calls of an operation go wrong; after those that are to go wrong already.
    public synchronized void add(Fault fault) {
        script.add(fault);
    }

    /// Has nothing go wrong any more.
    public synchronized void clear() {
        script.clear();
        room.clear();
        fullHosts.clear();
        coldResumes.clear();
        missingImages.clear();
        silentRegions.clear();
        machinesMax = Integer.MAX_VALUE;
    }

    /// How many more machines a region takes.
    public void room(String region, int machines) {
        room.put(region, machines);
    }

    /// Fills the host that a machine is on: it starts no more.
    public void fillHost(String machine) {
        fullHosts.add(machine);
    }

    /// Loses the snapshot of a machine: its next resume is a cold boot.
    public void loseSnapshot(String machine) {
        coldResumes.add(machine);
    }

    /// Takes an image away.
    public void missImage(String image) {
        missingImages.add(image);
    }

    /// Has a region not answer when machines are listed.
    public void silence(String region) {
        silentRegions.add(region);
    }

    /// How many machines an organisation may have.
    public void machinesMax(int machines) {
        machinesMax = machines;
    }

    synchronized Optional<Fault> meet(Operation operation, String machine) {
        for (var at = 0; at < script.size(); at++) {
            var fault = script.get(at);
            if (fault.operation() == operation
                    && (fault.machine().isEmpty() || fault.machine().equals(machine))) {
                if (fault.times() <= 1) {
                    script.remove(at);
                } else {
                    script.set(
                            at,
                            new Fault(
                                    operation,
                                    fault.machine(),
                                    fault.times() - 1,
                                    fault.status(),
                                    fault.body(),
                                    fault.delay(),
                                    fault.cut(),
                                    fault.after()));
                }
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }

    /// Takes a place in a region; false when it is full.
    boolean takeRoom(String region) {
        var taken = new boolean[] {true};
        room.computeIfPresent(region, (code, left) -> {
            taken[0] = left > 0;
            return Math.max(0, left - 1);
        });
        return taken[0];
    }

    boolean hostFull(String machine) {
        return fullHosts.contains(machine);
    }

    boolean losesSnapshot(String machine) {
        return coldResumes.remove(machine);
    }

    boolean imageMissing(String image) {
        return missingImages.contains(image);
    }

    Set<String> silentRegions() {
        return Set.copyOf(silentRegions);
    }

    int machinesMax() {
        return machinesMax;
    }
}
