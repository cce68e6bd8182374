package mysql

import (
	"context"
	"strconv"
	"time"
)

// killTimeout bounds the attempt to stop a statement on the server; past it the socket is closed.
const killTimeout = 5 * time.Second

// kill stops the statement that connection id runs, from a connection of its own: the pool may be full.
func (c *connector) kill(ctx context.Context, id uint64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer cancel()
	dc, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = dc.Close() }()
	_, err = dc.ExecContext(ctx, "KILL QUERY "+strconv.FormatUint(id, 10), nil)
	return err
}

// during kills the statement when ctx, that of one call, ends before the returned function is called.
func (r *running) during(ctx context.Context) func() bool {
	if ctx == r.outer || ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, r.kill)
}

// kill stops the statement on the server; where that fails it closes the socket. It returns once the server has taken the first KILL.
func (r *running) kill() {
	r.mu.Lock()
	if r.killed || r.stop == nil {
		r.mu.Unlock()
		return
	}
	r.killed = true
	r.killing.Add(1)
	r.mu.Unlock()
	if err := r.ses.dial.kill(r.outer, r.ses.dc.id); err != nil {
		r.cancel()
		r.killing.Done()
		return
	}
	go r.insist()
}

// killAgain is how long a statement has to end before it is killed anew.
const killAgain = time.Second

// insist kills the statement again and again, and closes the socket when killTimeout is over: a server may lose a KILL that
// comes while it makes ready (MariaDB, over its catalogue).
func (r *running) insist() {
	defer r.killing.Done()
	deadline := time.NewTimer(killTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(killAgain)
	defer tick.Stop()
	for {
		select {
		case <-r.over:
			return
		case <-deadline.C:
			r.cancel()
			return
		case <-tick.C:
		}
		r.again = true // read behind killing.Wait
		if err := r.ses.dial.kill(r.outer, r.ses.dc.id); err != nil {
			r.cancel()
			return
		}
	}
}

func (r *running) wasKilled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.killed
}
