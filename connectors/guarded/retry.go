package guarded

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/assay-dev/assay/connectors"
)

// attempts is how often a batch is tried that the server gave up for the sake of another writer.
const attempts = 12

// Retry calls f until it ends otherwise than by what again tells as the server's doing: a deadlock, a conflict of transactions. Nothing was done by then.
func Retry(ctx context.Context, again func(error) bool, f func() ([]connectors.Effect, error)) (effects []connectors.Effect, err error) {
	wait := 5 * time.Millisecond
	for range attempts {
		if effects, err = f(); err == nil || !again(err) {
			return effects, err
		}
		// Two that met once must not meet again in step.
		pause := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil, err
		case <-pause.C:
		}
		wait = min(2*wait, time.Second)
	}
	return nil, err
}
