package ai.molecule.platform.workspace;

/// Where a card goes that nobody placed: the next free slot of a grid, wider apart on the canvas than inside a team.
final class Grid {

    private static final int COLUMNS = 4;
    private static final int TEAM_COLUMNS = 2;

    private Grid() {}

    static Draft.Position slot(boolean inTeam, int taken) {
        return inTeam
                ? at(taken, TEAM_COLUMNS, new Draft.Position(16, 120), new Draft.Position(256, 146))
                : at(taken, COLUMNS, new Draft.Position(80, 80), new Draft.Position(300, 190));
    }

    private static Draft.Position at(int taken, int columns, Draft.Position first, Draft.Position step) {
        var column = taken % columns;
        var row = taken / columns;
        return new Draft.Position(first.x() + column * step.x(), first.y() + row * step.y());
    }
}
