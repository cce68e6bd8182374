package diff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/extsort"
)

// What hashing costs a server, measured on PostgreSQL 15 and MySQL 9 of one machine: nine columns and 160 bytes a row take 3.3 µs.
const (
	hashRow    = 1.0e-6  // seconds a row
	hashCell   = 0.25e-6 // and for each of its cells
	hashByte   = 4e-9    // and for each of its bytes
	cutRow     = 0.5e-6  // seconds a row to cut the key, and to look for repeated ones
	repeatRow  = 1.5e-6
	fewTrips   = 12        // statements that find a few differences
	worthwhile = 2.0       // seconds of a merge below which nothing else is thought about
	surely     = 1.5       // how many times as fast digests must seem: all of this is estimated
	fewLeaves  = 8         // differences that the estimate reckons with
	probeBytes = 256 << 10 // read to measure a side
	probeMost  = 4096      // rows of them
)

// sideCost is what is known of a side before it is read.
type sideCost struct {
	rows    int64   // -1 where nobody knows
	bytes   float64 // of a row
	cells   int     // of a row
	rowTime float64 // seconds until a row is here, others under way
	latency float64 // seconds until the first row is here
	server  bool    // the server hashes its rows
}

// costs is what the strategies are weighed by.
type costs struct {
	sides   [2]sideCost
	repeats bool // repeated keys must be looked for
}

// merge is about how many seconds a merge takes: the sides are read at once.
func (c *costs) merge() float64 {
	t := 0.0
	for i := range c.sides {
		s := &c.sides[i]
		t = max(t, s.latency+float64(s.rows)*s.rowTime)
	}
	return t
}

// digest is about how many seconds digests take that find a few differences.
func (c *costs) digest() float64 {
	t := 0.0
	for i := range c.sides {
		s := &c.sides[i]
		one := hashRow + hashCell*float64(s.cells) + hashByte*s.bytes + cutRow
		if c.repeats {
			one += repeatRow
		}
		if !s.server {
			one = s.rowTime
		}
		t = max(t, float64(s.rows)*one+fewTrips*s.latency+fewLeaves*leafBytes/max(s.bytes, 1)*s.rowTime)
	}
	return t
}

// choose weighs digests against a merge.
func (c *costs) choose() Choice {
	slow := &c.sides[0]
	name := "source"
	if r := &c.sides[1]; float64(r.rows)*r.rowTime > float64(slow.rows)*slow.rowTime {
		slow, name = r, "target"
	}
	if c.sides[0].rows < 0 || c.sides[1].rows < 0 {
		return Choice{Strategy: Merge, Reason: "nobody knows how many rows there are, so both sides are read once, in key order"}
	}
	merge, digest := c.merge(), c.digest()
	link := fmt.Sprintf("the %s sends %s rows of about %s at %s/s", name, thousands(slow.rows), amount(slow.bytes), amount(slow.bytes/max(slow.rowTime, 1e-9)))
	switch {
	case merge < worthwhile:
		return Choice{Strategy: Merge, Reason: fmt.Sprintf("%s: reading both sides takes about %s", link, duration(merge))}
	case digest*surely > merge:
		return Choice{Strategy: Merge, Reason: fmt.Sprintf("%s: reading both sides takes about %s, hashing the rows where they are about %s", link, duration(merge), duration(digest))}
	}
	return Choice{Strategy: Digest, Reason: fmt.Sprintf("%s: reading both sides takes about %s, hashing the rows where they are about %s", link, duration(merge), duration(digest))}
}

// duration is a time as people say it, in seconds with two digits.
func duration(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(roundTo(seconds)).String()
}

func roundTo(seconds float64) time.Duration {
	switch {
	case seconds >= 10:
		return time.Second
	case seconds >= 1:
		return 100 * time.Millisecond
	}
	return time.Millisecond
}

// amount is a number of bytes as people say it.
func amount(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", n/1e3)
	}
	return fmt.Sprintf("%.0f bytes", n)
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// costs measures both sides.
func (d *digesting) costs(ctx context.Context) (*costs, error) {
	c := &costs{repeats: d.repeats != nil}
	err := both(func(side int) error {
		s := d.sides[side]
		cost, err := s.measure(ctx)
		if d.repeats == s && !s.groups() {
			cost.server = false // its rows are read for that
		}
		c.sides[side] = cost
		return s.in.failed(err)
	})
	return c, err
}

// measure reads a few rows, to see what a row costs until it is here.
func (d *digestSide) measure(ctx context.Context) (sideCost, error) {
	c := sideCost{rows: d.rows, cells: len(d.cells), server: d.server != nil}
	if c.rows < 0 {
		c.rows = d.in.from.Schema.Rows
	}
	c.latency = 3600
	sample := 64
	for range 2 { // the first may have to connect, or to plan
		_, one, took, err := d.first(ctx, 1)
		if err != nil {
			return c, err
		}
		c.latency = min(c.latency, took.Seconds())
		sample = int(min(max(probeBytes/max(one, 1), 1), 64)) // a row may have a megabyte
	}
	n, bytes, took, err := d.first(ctx, sample)
	if err != nil || n == 0 {
		return c, err
	}
	c.bytes = float64(bytes) / float64(n)
	if more := int(min(probeBytes/max(c.bytes, 1), probeMost)); more > n && n == 64 {
		if n, bytes, took, err = d.first(ctx, more); err != nil {
			return c, err
		}
		c.bytes = float64(bytes) / float64(n)
	}
	c.rowTime = max(took.Seconds()-c.latency, 0) / float64(n)
	return c, nil
}

// first reads the first rows in no order.
func (d *digestSide) first(ctx context.Context, limit int) (rows int, bytes int64, took time.Duration, err error) {
	q := d.in.selection(nil, false)
	q.Columns, q.Branches = d.in.cols[:d.in.keep], []query.Branch{{Limit: limit}}
	started := time.Now()
	stream, err := d.in.selects(ctx, q)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		b, err := stream.Next(ctx)
		if err != nil {
			return 0, 0, 0, err
		}
		if b == nil {
			return rows, bytes, time.Since(started), nil
		}
		rows += b.N
		bytes += extsort.Size(b)
	}
}
