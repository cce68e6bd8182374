package connectors

import "context"

// Snapshotter is a Source whose requests can all see one state of the data.
type Snapshotter interface {
	// Snapshot returns a Source bound to one snapshot (a read-only transaction, a point in time): the state of the data when it is
	// taken, or when the first request to it is served.
	// Requests to it are served one after another; it has the same abilities as the Source it came from, and closing
	// it ends the snapshot only.
	Snapshot(ctx context.Context) (Source, error)
}

// ParallelSnapshotter is a Source of whose snapshot several sources can read at the same time.
type ParallelSnapshotter interface {
	// SnapshotN returns up to n sources (n is at least 1) that see one and the same state of the data, that of now: as many as the
	// connection may use at this moment, but at least one, for which it waits. Each is what Snapshot returns, and outlives the others.
	SnapshotN(ctx context.Context, n int) ([]Source, error)
}
