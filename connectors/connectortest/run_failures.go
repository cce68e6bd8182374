package connectortest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/query"
)

// statements checks that what a source says it sends is there and holds no secret.
func (h *Harness) statements(t *testing.T) {
	src := h.open(t)
	ex, ok := src.(connectors.Explainer)
	if !ok {
		return
	}
	tb, d := h.hostile(t)
	rel := Relation(t, src, d)
	show := func(what string, ss []query.Statement) {
		if len(ss) == 0 {
			t.Errorf("%s: no statement", what)
		}
		for _, s := range ss {
			if strings.TrimSpace(s.Text) == "" {
				t.Errorf("%s: an empty statement", what)
			}
			h.noSecret(t, what, s.Text+strings.Join(s.Args, " "))
		}
	}
	show("describe", ex.DescribeStatements(d))
	requests := map[string]query.Request{"select": query.Select{From: rel, Columns: Cols(t, rel, tb.Names()...)}}
	if count := (query.Measure{Kind: query.MeasureCount}); refusedMeasure(src.Caps(), rel, count) == nil {
		requests["aggregate"] = query.Aggregate{From: rel, Measures: []query.Measure{count}}
	}
	if u := (&query.UniqueCheck{From: rel, Columns: Cols(t, rel, "i")}); refusedSet(src.Caps(), u) == nil {
		requests["unique"] = u
	}
	for what, r := range requests {
		ss, err := ex.Statements(r)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		show(what, ss)
	}
}

// noSecret fails the test when s contains one of the harness's secrets.
func (h *Harness) noSecret(t *testing.T, what, s string) {
	t.Helper()
	for _, secret := range h.Secrets {
		if secret != "" && strings.Contains(s, secret) {
			t.Errorf("%s contains a secret", what)
		}
	}
}

func (h *Harness) failures(t *testing.T) {
	if h.Missing != nil {
		t.Run("missing dataset", func(t *testing.T) {
			_, err := h.open(t).Describe(t.Context(), *h.Missing)
			h.failsAs(t, err, connectors.NotFound)
		})
	}
	for _, b := range h.Broken {
		t.Run(b.Name, func(t *testing.T) {
			within(t, b.Name, func(ctx context.Context) {
				src, err := b.Open(t)
				if err == nil {
					defer func() { _ = src.Close() }()
					_, err = src.Describe(ctx, b.Dataset)
				}
				h.failsAs(t, err, b.Want)
			})
		})
	}
	if h.Writes != nil {
		t.Run("writes", h.writes)
	}
}

func (h *Harness) failsAs(t *testing.T, err error, want connectors.ErrorKind) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of kind %d", want)
	}
	if _, ok := errors.AsType[*connectors.Error](err); !ok {
		t.Errorf("%v is no *connectors.Error", err)
	}
	if got := connectors.KindOf(err); got != want {
		t.Errorf("%v is of kind %d, want %d", err, got, want)
	}
	h.noSecret(t, "the error", err.Error())
}

// writes tries to change data through datasets: each must fail and leave the data as it was.
func (h *Harness) writes(t *testing.T) {
	src := h.open(t)
	ws := h.Writes(t)
	if len(ws) == 0 {
		t.Fatal("no write to try")
	}
	for _, w := range ws {
		t.Run(w.Name, func(t *testing.T) {
			err := slowSelect(t.Context(), src, w.Dataset)
			if err == nil {
				t.Error("the write was not refused")
			}
			if w.Changed(t) {
				t.Error("the write took effect")
			}
			if err != nil {
				h.noSecret(t, "the error", err.Error())
			}
		})
	}
}
