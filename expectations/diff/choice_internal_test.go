package diff

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	// A million and a half rows of 160 bytes: dumped in two seconds by a server near by, in a hundred over 20 Mbit/s.
	near := sideCost{rows: 1_500_000, bytes: 160, cells: 9, rowTime: 1.6e-6, latency: 0.001, server: true}
	far := near
	far.rowTime, far.latency = 64e-6, 0.02
	wide := sideCost{rows: 60_000, bytes: 1040, cells: 3, rowTime: 416e-6, latency: 0.001, server: true}
	with := func(s sideCost, f func(*sideCost)) sideCost { f(&s); return s }
	for name, c := range map[string]struct {
		costs  costs
		want   Strategy
		reason string
	}{
		"two servers near by":                 {costs{sides: [2]sideCost{near, near}}, Merge, "hashing the rows where they are about 6.6s"},
		"one of them far":                     {costs{sides: [2]sideCost{near, far}}, Digest, "the target sends 1,500,000 rows of about 160 bytes at 2.5 MB/s: reading both sides takes about 1m36s"},
		"both far":                            {costs{sides: [2]sideCost{far, far}}, Digest, "the source sends"},
		"wide rows over 20 Mbit/s":            {costs{sides: [2]sideCost{wide, wide}}, Digest, "about 25s"},
		"wide rows near by":                   {costs{sides: [2]sideCost{with(wide, fast), with(wide, fast)}}, Merge, "reading both sides takes about 181ms"},
		"few rows far away":                   {costs{sides: [2]sideCost{with(far, scarce), with(far, scarce)}}, Merge, "takes about 660ms"},
		"no server behind the slow link":      {costs{sides: [2]sideCost{near, with(far, here)}}, Merge, "the target sends"},
		"no server beside a slow one":         {costs{sides: [2]sideCost{with(near, here), far}}, Digest, "the target sends"},
		"repeated keys to look for":           {costs{sides: [2]sideCost{far, far}, repeats: true}, Digest, "the source sends"},
		"rows that nobody has counted":        {costs{sides: [2]sideCost{far, with(far, func(s *sideCost) { s.rows = -1 })}}, Merge, "nobody knows how many rows"},
		"empty sides":                         {costs{}, Merge, "the source sends 0 rows"},
		"digests only half as fast again":     {costs{sides: [2]sideCost{with(near, func(s *sideCost) { s.rowTime = 6e-6 }), near}}, Merge, "reading both sides takes about 9s, hashing"},
		"digests more than half again faster": {costs{sides: [2]sideCost{with(near, func(s *sideCost) { s.rowTime = 12e-6 }), near}}, Digest, "reading both sides takes about 18s, hashing"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.costs.choose()
			if got.Strategy != c.want || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("%s: %s; want %s: …%s…", got.Strategy, got.Reason, c.want, c.reason)
			}
		})
	}
}

func fast(s *sideCost) { s.rowTime = 3e-6 }

func scarce(s *sideCost) { s.rows = 10_000 }

func here(s *sideCost) { s.server = false }
