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

// SharedSnapshot is what Snapshot returns where several sources can read one snapshot at the same time.
type SharedSnapshot interface {
	// Share returns up to n further sources that see the state of the data that this one sees: as many as the connection has free at this
	// moment, and maybe none, since who waits for connections while holding one may wait for itself. Each outlives the others.
	Share(ctx context.Context, n int) ([]Source, error)
}
