package diff

import (
	"context"
	"sync"
)

// task is goroutines that end together: the first failure ends all of them.
type task struct {
	ctx    context.Context //nolint:containedctx // the life of the task
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu  sync.Mutex
	err error
}

func newTask(ctx context.Context) *task {
	t := &task{}
	t.ctx, t.cancel = context.WithCancel(ctx)
	return t
}

// spawn runs f in a goroutine of its own.
func (t *task) spawn(f func(context.Context) error) {
	t.wg.Go(func() { t.fail(f(t.ctx)) })
}

// fail keeps the first failure and ends the others.
func (t *task) fail(err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	if t.err == nil {
		t.err = err
	}
	t.mu.Unlock()
	t.cancel()
}

// wait waits for all goroutines and returns the first failure.
func (t *task) wait() error {
	t.wg.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// both runs f for both sides at once.
func both(f func(side int) error) error {
	var wg sync.WaitGroup
	var errs [2]error
	for side := range errs {
		wg.Go(func() { errs[side] = f(side) })
	}
	wg.Wait()
	if errs[0] != nil {
		return errs[0]
	}
	return errs[1]
}
