package diff_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/expectations/diff"
)

// replica is one of two tables of a simulated replication.
type replica struct {
	db     *sql.DB
	driver string
	table  string
}

// openReplica creates a table of so many rows, the same in every engine.
func openReplica(t *testing.T, driver, dsn string, rows int) *replica {
	t.Helper()
	if driver == "mysql" {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatal("the test server's DSN does not parse")
		}
		cfg.Params = map[string]string{"time_zone": "'+00:00'"}
		dsn = cfg.FormatDSN()
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(2)
	p := &replica{db: db, driver: driver, table: connectortest.Unique("diff_replica")}
	t.Cleanup(func() {
		_, err := db.ExecContext(context.Background(), "drop table if exists "+p.table)
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	})
	p.create(t, rows)
	return p
}

func (p *replica) create(t *testing.T, rows int) {
	t.Helper()
	const columns = "(id bigint primary key, name varchar(40) not null, amount numeric(12,2), n bigint not null, note varchar(40), updated %s)"
	var create, fill string
	if p.driver == "mysql" {
		create = fmt.Sprintf("create table "+p.table+columns, "timestamp(6) null")
		fill = "insert into " + p.table + ` with recursive g as (select 1 i union all select i + 1 from g where i < %d)
			select i * 10, concat('name ', i), i / 100, 0, concat('note ', i), timestamp'2026-01-01 00:00:00' + interval i second from g`
	} else {
		create = fmt.Sprintf("create table "+p.table+columns, "timestamptz")
		fill = "insert into " + p.table + ` select i * 10, 'name ' || i, i / 100.0, 0, 'note ' || i,
			timestamptz '2026-01-01 00:00:00+00' + i * interval '1 second' from generate_series(1, %d) i`
	}
	ctx := t.Context()
	conn, err := p.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if p.driver == "mysql" {
		if _, err := conn.ExecContext(ctx, "set session cte_max_recursion_depth = 10000000"); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []string{create, fmt.Sprintf(fill, rows)} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
}

// change is a write to one row, as a replicator of rows carries it: a column that it does not name keeps its value.
type change struct {
	kind  changeKind
	id    int64
	cols  []string
	args  []any
	at    time.Time     // of the commit at the source
	delay time.Duration // until it arrives at the target
}

type changeKind int

const (
	changeSet changeKind = iota
	changeInsert
	changeDelete
)

// statement is the change in SQL.
func (p *replica) statement(c *change) (text string, args []any) {
	n := 0
	mark := func() string {
		n++
		if p.driver == "mysql" {
			return "?"
		}
		return "$" + strconv.Itoa(n)
	}
	switch c.kind {
	case changeInsert:
		marks := []string{mark()}
		for range c.cols {
			marks = append(marks, mark())
		}
		return "insert into " + p.table + " (id, " + strings.Join(c.cols, ", ") + ") values (" + strings.Join(marks, ", ") + ")", append([]any{c.id}, c.args...)
	case changeDelete:
		return "delete from " + p.table + " where id = " + mark(), []any{c.id}
	default:
		var sets []string
		for _, col := range c.cols {
			sets = append(sets, col+" = "+mark())
		}
		return "update " + p.table + " set " + strings.Join(sets, ", ") + " where id = " + mark(), append(append([]any(nil), c.args...), c.id)
	}
}

// write applies changes in one transaction.
func (p *replica) write(ctx context.Context, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for i := range changes {
		text, args := p.statement(&changes[i])
		if _, err := tx.ExecContext(ctx, text, args...); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return tx.Commit()
}

// simulator writes to the left, and to the right the same in order and late.
type simulator struct {
	left, right *replica
	r           *rand.Rand // of the writer
	most        time.Duration
	rate        int // changes a second

	live    []int64 // rows that are written, those of the drift apart
	next    int64   // id of the next new row
	hot     []int64 // always
	churned []int64 // deleted and inserted again all the time
	gone    map[int64]bool
	drifted []int64 // rows that are wrong on the right and written in other columns

	queue   chan change
	written atomic.Int64
	// behind is the most that an applied change was late. hand is when the one that is on its way was made, 0 where none is.
	behind, hand atomic.Int64
}

// late is how far the right was behind, at the most: in what has arrived there and in what has not. All of it is dated before it was written.
func (s *simulator) late() time.Duration {
	late := time.Duration(s.behind.Load())
	if hand := s.hand.Load(); hand != 0 {
		late = max(late, time.Since(time.Unix(0, hand)))
	}
	return late
}

// pending is more changes than are ever under way.
const pending = 1 << 20

func newSimulator(left, right *replica, seed uint64, rows int) *simulator {
	s := &simulator{
		left: left, right: right, r: rand.New(rand.NewPCG(seed, 5)), most: 3 * time.Second, rate: 500,
		next: int64(rows+1) * 10, gone: map[int64]bool{}, queue: make(chan change, pending),
	}
	for i := range rows {
		s.live = append(s.live, int64(i+1)*10)
	}
	s.r.Shuffle(rows, func(i, j int) { s.live[i], s.live[j] = s.live[j], s.live[i] })
	return s
}

// draw takes n rows away from those that are written at random.
func (s *simulator) draw(n int) []int64 {
	at := len(s.live) - n
	ids := s.live[at:]
	s.live = s.live[:at:at]
	return ids
}

// change makes up the next write.
func (s *simulator) change() change {
	now := time.Now().UTC().Truncate(time.Microsecond)
	text := func(what string) string { return what + strconv.Itoa(s.r.IntN(1_000_000)) }
	amount := func() string { return fmt.Sprintf("%d.%02d", s.r.IntN(100_000), s.r.IntN(100)) }
	insert := func(id int64) change {
		return change{kind: changeInsert, id: id, cols: []string{"name", "amount", "n", "note", "updated"}, args: []any{text("name "), amount(), s.r.IntN(1000), text("note "), now}}
	}
	switch x := s.r.IntN(100); {
	case x < 15:
		return change{id: s.hot[s.r.IntN(len(s.hot))], cols: []string{"n", "updated"}, args: []any{s.r.Int64(), now}}
	case x < 20:
		// Between few states, so that it comes back to one that it had.
		return change{id: s.hot[s.r.IntN(len(s.hot))], cols: []string{"note"}, args: []any{[]string{"open", "closed"}[s.r.IntN(2)]}}
	case x < 25:
		return change{id: s.drifted[s.r.IntN(len(s.drifted))], cols: []string{"n", "updated"}, args: []any{s.r.Int64(), now}}
	case x < 30:
		id := s.churned[s.r.IntN(len(s.churned))]
		if s.gone[id] = !s.gone[id]; s.gone[id] {
			return change{kind: changeDelete, id: id}
		}
		return insert(id)
	case x < 40:
		s.next += 10
		s.live = append(s.live, s.next)
		return insert(s.next)
	case x < 50:
		i := s.r.IntN(len(s.live))
		id := s.live[i]
		s.live[i] = s.live[len(s.live)-1]
		s.live = s.live[:len(s.live)-1]
		return change{kind: changeDelete, id: id}
	case x < 75:
		return change{id: s.live[s.r.IntN(len(s.live))], cols: []string{"name", "amount"}, args: []any{text("name "), amount()}}
	default:
		return change{id: s.live[s.r.IntN(len(s.live))], cols: []string{"note", "updated"}, args: []any{nil, now}}
	}
}

// tick is how often the writer commits.
const tick = 10 * time.Millisecond

// writer writes until the context ends.
func (s *simulator) writer(ctx context.Context) error {
	began := time.Now()
	delay := newWander(s.r, s.most)
	for done := 0; ; {
		due := int(time.Since(began).Seconds() * float64(s.rate))
		var changes []change
		for ; done < due; done++ {
			changes = append(changes, s.change())
		}
		now := time.Now()
		if err := s.left.write(ctx, changes); err != nil {
			return ended(ctx, err)
		}
		late := delay.next(now.Sub(began))
		for i := range changes {
			changes[i].at, changes[i].delay = now, late
			s.queue <- changes[i]
		}
		s.written.Add(int64(len(changes)))
		select {
		case <-time.After(tick):
		case <-ctx.Done():
			return nil
		}
	}
}

// wander is a delay that goes up and down at random, and stays at its most for a while now and then: the replication pauses, and catches up.
type wander struct {
	r      *rand.Rand
	most   time.Duration
	to     time.Duration
	cur    time.Duration
	turn   time.Duration
	latest time.Duration
}

func newWander(r *rand.Rand, most time.Duration) *wander { return &wander{r: r, most: most} }

func (w *wander) next(now time.Duration) time.Duration {
	if now > w.turn {
		w.to = time.Duration(w.r.Int64N(int64(w.most)))
		w.turn = now + time.Duration(w.r.Int64N(int64(2*time.Second)))
		if w.r.IntN(4) == 0 {
			w.to = 0
		}
		if w.r.IntN(4) == 0 {
			w.to = w.most
		}
	}
	w.cur += (w.to - w.cur) / 8
	if w.r.IntN(20) == 0 {
		w.cur = w.to
	}
	// In order: nothing arrives before what was written earlier.
	w.latest = max(w.latest, now+w.cur)
	return w.latest - now
}

// replicator applies what was written, each change when it is due, until the context ends.
func (s *simulator) replicator(ctx context.Context) error {
	const most = 200 // changes a transaction
	var batch []change
	for {
		var c change
		select {
		case c = <-s.queue:
		case <-ctx.Done():
			return nil
		}
		s.hand.Store(c.at.UnixNano())
		for {
			if wait := time.Until(c.at.Add(c.delay)); wait > 0 {
				if err := s.apply(ctx, batch); err != nil {
					return ended(ctx, err)
				}
				batch = batch[:0]
				s.hand.Store(c.at.UnixNano())
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return nil
				}
			}
			if batch = append(batch, c); len(batch) == most {
				break
			}
			var more bool
			select {
			case c, more = <-s.queue:
			default:
			}
			if !more {
				break
			}
		}
		if err := s.apply(ctx, batch); err != nil {
			return ended(ctx, err)
		}
		batch = batch[:0]
		s.hand.Store(0)
	}
}

func (s *simulator) apply(ctx context.Context, batch []change) error {
	if err := s.right.write(ctx, batch); err != nil {
		return err
	}
	now := time.Now()
	for i := range batch {
		s.behind.Store(max(s.behind.Load(), int64(now.Sub(batch[i].at))))
	}
	return nil
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was told to end
	}
	return err
}

// planted is what is wrong on the right, by key.
type planted map[int64]diff.Class

// plant makes the right side wrong in n rows: a third changed, a third missing, a third extra; of the first two kinds every other one is
// written all the time in other columns.
func (s *simulator) plant(t *testing.T, n int) planted {
	t.Helper()
	out := planted{}
	do := func(text string) {
		res, err := s.right.db.ExecContext(t.Context(), strings.ReplaceAll(text, "%t", s.right.table))
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := res.RowsAffected(); err != nil || rows != 1 {
			t.Fatalf("%s: %d rows, %v", text, rows, err)
		}
	}
	for i, id := range s.draw(n) {
		if i%3 < 2 && i/3%2 == 0 {
			s.drifted = append(s.drifted, id)
		}
		switch i % 3 {
		case 0:
			out[id] = diff.Changed
			do(fmt.Sprintf("update %%t set note = '' where id = %d", id))
		case 1:
			out[id] = diff.Missing
			do(fmt.Sprintf("delete from %%t where id = %d", id))
		default:
			out[id+5] = diff.Extra
			do(fmt.Sprintf("insert into %%t (id, name, n) values (%d, 'extra', 1)", id+5))
		}
	}
	return out
}
