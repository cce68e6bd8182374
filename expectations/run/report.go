package run

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/plan"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
)

// topErrors is the number of different error messages that a report names.
const topErrors = 10

func (r *runner) report(ctx context.Context, p *plan.Plan, start, end time.Time) *result.Report {
	rep := &result.Report{
		Schema: result.SchemaName,
		Run: result.Run{
			ID: cmp.Or(r.opts.ID, NewID(start)), Suite: r.suite.Name, Job: r.suite.Name, Mode: r.mode(), Seed: r.seed(), Start: start.UTC(), End: end.UTC(),
			DurationMS: end.Sub(start).Milliseconds(), Now: r.opts.Now.UTC(), Versions: versions(r.opts.Version), Digest: r.suite.Digest,
		},
		Expectations: []result.Expectation{}, Datasets: []result.Dataset{}, Alerts: []result.Alert{},
	}
	for _, it := range p.Items {
		rep.Expectations = append(rep.Expectations, r.outcome(ctx, it))
	}
	for _, d := range p.Datasets {
		rep.Datasets = append(rep.Datasets, r.dataset(d))
	}
	rep.Bound()
	rep.Summary = summarise(rep, end.Sub(start))
	if s := &rep.Summary; r.opts.Strict && (s.Verdict == result.Pass || s.Verdict == result.Inconclusive) && s.Warned+s.Inconclusive+s.Skipped > 0 {
		s.Verdict = result.Fail
	}
	return rep
}

// NewID returns a name for a run that is unique and sorts by time.
func NewID(start time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return start.UTC().Format("20060102T150405") + "-" + hex.EncodeToString(b[:])
}

func (r *runner) dataset(d *plan.Dataset) result.Dataset {
	out := result.Dataset{Name: d.Spec.Name, Connection: d.Spec.Connection, Driver: d.Driver, MS: r.took[d.Spec.Name].Milliseconds()}
	out.Source = cmp.Or(d.Spec.Table, d.Spec.Index, d.Spec.File, "query")
	if n, ok := r.rows[d.Spec.Name]; ok {
		out.Rows = &n
	}
	if n, ok := r.drawn[d.Spec.Name]; ok {
		out.Drawn = &n
	}
	if d.Err != nil {
		out.Error = r.told(d.Err, d.Spec.Name).Error()
	}
	return out
}

// outcome forms the report's entry of one expectation.
func (r *runner) outcome(ctx context.Context, it *plan.Item) result.Expectation {
	n, e := r.numbers[it], it.Spec
	out := result.Expectation{
		ID: it.ID, Kind: it.Kind, Description: e.Description, Owner: e.Owner, Tags: e.Tags, Datasets: it.Datasets,
		Severity: severity(e.Severity), Expression: it.Expression, Where: it.Where,
		Location:    result.Location{File: e.At.File, Line: e.At.Line, Column: e.At.Col},
		MaxFailures: e.MaxFailures, OnNull: string(e.OnNull), Failures: []result.Failure{},
		Ran: result.Ran{Statements: n.statements, MS: n.ms, Reasons: reasons(it.Refusals)},
	}
	if e.Named != nil {
		out.Name = e.Named.Name
	}
	if e.Mostly != nil {
		out.Mostly = e.Mostly.String()
	}
	if len(it.Datasets) == 0 && e.Dataset != "" {
		out.Datasets = []string{e.Dataset}
	}
	if out.Datasets == nil {
		out.Datasets = []string{}
	}
	out.Ran.Where, out.Ran.Method = ran(it, n)
	switch {
	case n.err != nil:
		out.Verdict, out.Message = result.Error, errorText(ctx, r.ofItem(it, n.err))
	case it.Skip != "":
		out.Verdict, out.Message = result.Skipped, it.Skip
	case it.Schema != nil:
		out.Verdict, out.Message = result.Pass, it.Schema.Message
		if !it.Schema.OK {
			out.Verdict = result.Fail
		}
	case it.Metric != nil && len(n.gathered) > 0:
		r.judgeEstimates(it, n, &out)
	case it.Metric != nil:
		r.judgeMetric(it, n, &out)
	case it.Compare != nil:
		r.judgeComparison(it, n, &out)
	case it.Join != nil:
		r.judgeJoin(it, n, &out)
	default:
		r.judgeRows(it, n, &out)
	}
	if e.Message != "" && out.Verdict == result.Fail {
		out.Message = e.Message + " (" + out.Message + ")"
	}
	return out
}

func (r *runner) judgeRows(it *plan.Item, n *numbers, out *result.Expectation) {
	if proof := proofOf(it); proof != "" {
		out.Verdict, out.Message = result.Pass, "proved by constraint "+proof
		return
	}
	if n.drawn != nil {
		r.judgeSample(it, n, out)
		return
	}
	counts := n.counts
	j := judge(counts, it.Spec)
	out.Counts, out.Verdict, out.Rate, out.Message = &counts, j.verdict, j.rate, j.message
	out.Failures = append(out.Failures, n.failures...)
	if n.failuresErr != nil {
		out.Message += "; failing rows could not be fetched: " + r.ofItem(it, n.failuresErr).Error()
	}
	if counts.WhereUndecided > 0 {
		out.Message += fmt.Sprintf("; where is undecided for %s rows", diag.Group(counts.WhereUndecided))
	}
}

func proofOf(it *plan.Item) string {
	switch {
	case it.Row != nil:
		return it.Row.Proof
	case it.Set != nil:
		return it.Set.Proof
	}
	return ""
}

// onServer is what result.Ran.Where says of an expectation that was evaluated by the source alone.
const onServer = "server"

// ran says where an item was evaluated.
func ran(it *plan.Item, n *numbers) (where, method string) {
	switch {
	case it.Schema != nil:
		return "schema", "catalogue"
	case n.comparison != nil:
		return "here", n.comparison.method()
	case n.joined != nil:
		return n.joined.ran()
	case proofOf(it) != "":
		return "constraint", proofOf(it)
	case n.drawn != nil:
		return "here", "sampled: " + string(n.drawn.design.Method)
	case n.server && n.here:
		return "server+here", "filtered on the server, evaluated here"
	case n.here:
		return "here", "streamed"
	case n.server && it.Set != nil:
		return onServer, "one statement"
	case n.server:
		return onServer, "one pass shared by " + diag.Plural(int64(n.pass), "measure")
	}
	return "", ""
}

func reasons(rs []query.Refusal) []string {
	var out []string
	for _, r := range rs {
		if !slices.Contains(out, r.Reason) {
			out = append(out, r.Reason)
		}
	}
	return out
}

func severity(s spec.Severity) result.Severity {
	return result.Severity(cmp.Or(s, spec.Error))
}

func errorText(ctx context.Context, err error) string {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))) {
		return "interrupted before it was evaluated"
	}
	return err.Error()
}

// selected is the most rows that a comparison under a condition read of each dataset: others may have read the same ones.
func selected(rep *result.Report) map[string]int64 {
	most := map[string]int64{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if e.Compare == nil || e.Compare.Sample != nil || len(e.Datasets) != 2 {
			continue
		}
		for side, n := range [2]int64{e.Compare.Counts.SourceRows, e.Compare.Counts.TargetRows} {
			most[e.Datasets[side]] = max(most[e.Datasets[side]], n)
		}
	}
	return most
}

// summarise counts the verdicts, and the rows behind them.
func summarise(rep *result.Report, took time.Duration) result.Summary {
	s := result.Summary{TopErrors: []result.ErrorCount{}, FixesByType: map[string]int{}}
	var t, f int64
	messages := map[string]int64{}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		s.Count(e)
		if e.Verdict == result.Error {
			s.ErrorCount++
			messages[firstLine(e.Message)]++
		}
		if e.Counts == nil {
			continue
		}
		t, f = t+e.Counts.True, f+e.Counts.False
		if e.Orphans != nil {
			f += e.Orphans.Failing
		}
		if other := e.Counts.Undecided - e.Counts.UndecidedByNull; other > 0 {
			s.ErrorCount += other
			messages["undecided rows: "+e.ID] += other
		}
	}
	some := selected(rep)
	for i := range rep.Datasets {
		d := &rep.Datasets[i]
		if d.Rows != nil {
			s.RecordsChecked += *d.Rows
		}
		if d.Drawn != nil {
			s.RecordsChecked += *d.Drawn
		}
		if d.Rows == nil && d.Drawn == nil { // nobody read all of them
			s.RecordsChecked += some[d.Name]
		}
	}
	if t+f > 0 {
		rate := float64(f) / float64(t+f)
		s.Inconsistency = &rate
	}
	if sec := took.Seconds(); sec > 0 {
		s.Throughput = float64(s.RecordsChecked) / sec
	}
	s.Verdict = s.Worst()
	for m, n := range messages {
		s.TopErrors = append(s.TopErrors, result.ErrorCount{Message: m, Count: n})
	}
	slices.SortFunc(s.TopErrors, func(a, b result.ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Message, b.Message))
	})
	s.TopErrors = s.TopErrors[:min(len(s.TopErrors), topErrors)]
	return s
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
