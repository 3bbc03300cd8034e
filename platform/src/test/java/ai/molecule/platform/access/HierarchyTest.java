package ai.molecule.platform.access;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.WorkspaceId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HierarchyTest {

    private final TestRooms rooms = new TestRooms();
    private final Workspace boss = rooms.create("boss");
    private final Workspace lead = rooms.createBelow("lead", boss);
    private final Workspace worker = rooms.createBelow("worker", lead);
    private final Workspace colleague = rooms.createBelow("colleague", lead);
    private final Workspace otherLead = rooms.createBelow("other lead", boss);
    private final Workspace stranger = rooms.create("stranger");
    private final Workspace strangersWorker = rooms.createBelow("stranger's worker", stranger);

    @AfterEach
    void close() {
        rooms.close();
    }

    private boolean may(Workspace caller, Workspace target) {
        return rooms.hierarchy.mayTalk(caller.id(), target.id());
    }

    @Test
    void oneselfSiblingsAncestorsAndDescendantsMayTalk() {
        assertThat(may(worker, worker)).isTrue();
        assertThat(may(worker, colleague)).isTrue();
        assertThat(may(worker, lead)).isTrue();
        assertThat(may(worker, boss)).isTrue();
        assertThat(may(boss, worker)).isTrue();
        assertThat(may(boss, stranger)).as("roots are siblings").isTrue();
    }

    @Test
    void othersMayNot() {
        assertThat(may(worker, otherLead)).as("an uncle").isFalse();
        assertThat(may(worker, stranger)).isFalse();
        assertThat(may(lead, strangersWorker)).isFalse();
        assertThat(may(worker, strangersWorker)).isFalse();
    }

    @Test
    void whatDoesNotExistTalksToNobody() {
        assertThat(rooms.hierarchy.mayTalk(WorkspaceId.random(), boss.id())).isFalse();
        assertThat(rooms.hierarchy.mayTalk(boss.id(), WorkspaceId.random())).isFalse();
    }
}
