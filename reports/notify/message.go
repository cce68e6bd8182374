// Package notify tells people and programs what a run found: one message a run, by webhook, Slack and e-mail, kept in an outbox until it is delivered.
package notify

import (
	"slices"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// SchemaName identifies the JSON form of a Message.
const SchemaName = "assay.alert/v1"

// The levels of a message: of its worst alert.
const (
	LevelNone     = "none"
	LevelWarning  = "warning"
	LevelCritical = "critical"
)

const (
	shownAlerts = 20   // of a rule
	shownItems  = 20   // of what is new, of what is fixed, of what still fails
	textBytes   = 1000 // of a sentence
	nameBytes   = 200  // of a name
)

// Message is what a run has to say. Whatever of it came from data or suites is harmless to a terminal.
type Message struct {
	Schema string `json:"schema"`
	// Key is the run's id. Who receives the same key twice has received one message.
	Key     string  `json:"key"`
	Level   string  `json:"level"`
	Run     Run     `json:"run"`
	Summary Summary `json:"summary"`
	Rules   []Rule  `json:"rules"`
	// Since is what changed; null where there is no run before.
	Since *Since `json:"since"`
}

// Run says which run it was.
type Run struct {
	ID         string    `json:"id"`
	Suite      string    `json:"suite"`
	Job        string    `json:"job"`
	Mode       string    `json:"mode"`
	Start      time.Time `json:"start"`
	DurationMS int64     `json:"duration_ms"`
}

// Summary is the run in numbers.
type Summary struct {
	Verdict        result.Verdict `json:"verdict"`
	Passed         int            `json:"passed"`
	Failed         int            `json:"failed"`
	Warned         int            `json:"warned"`
	Inconclusive   int            `json:"inconclusive"`
	Errored        int            `json:"errored"`
	Skipped        int            `json:"skipped"`
	RecordsChecked int64          `json:"records_checked"`
	Inconsistency  *float64       `json:"inconsistency_rate"`
}

// Rule is a rule that fired, with its alerts, the critical first.
type Rule struct {
	Rule   string         `json:"rule"`
	Level  string         `json:"level"`
	Alerts []result.Alert `json:"alerts"`
}

// Since is what changed since the run before.
type Since struct {
	Run     string         `json:"run"`
	Start   time.Time      `json:"start"`
	Verdict result.Verdict `json:"verdict"`
	New     Changed        `json:"new"`
	Fixed   Changed        `json:"fixed"`
	Still   Changed        `json:"still_failing"`
}

// Changed counts expectations and names the first of them.
type Changed struct {
	Count int    `json:"count"`
	First []Item `json:"first"`
}

// Item is an expectation with why it has its verdict.
type Item struct {
	ID      string         `json:"id"`
	Verdict result.Verdict `json:"verdict"`
	Message string         `json:"message"`
	Runs    int            `json:"runs,omitempty"` // in which it failed without a pause, this one the last
}

// Of makes the message of a run.
func Of(rep *result.Report) *Message {
	s := &rep.Summary
	m := &Message{
		Schema: SchemaName, Key: rep.Run.ID, Level: LevelNone, Rules: rulesOf(rep.Alerts),
		Run:     Run{rep.Run.ID, said(rep.Run.Suite, nameBytes), said(rep.Run.Job, nameBytes), rep.Run.Mode, rep.Run.Start, rep.Run.DurationMS},
		Summary: Summary{s.Verdict, s.Passed, s.Failed, s.Warned, s.Inconclusive, s.Errored, s.Skipped, s.RecordsChecked, s.Inconsistency},
	}
	for i := range m.Rules {
		m.Level = worse(m.Level, m.Rules[i].Level)
	}
	if p := rep.Previous; p != nil {
		m.Since = &Since{Run: p.ID, Start: p.Start, Verdict: p.Verdict}
		for since, c := range map[result.Since]*Changed{result.SinceNew: &m.Since.New, result.SinceFixed: &m.Since.Fixed, result.SinceStill: &m.Since.Still} {
			*c = changed(rep, since)
		}
	}
	return m
}

// rulesOf groups alerts by their rule, in the order in which rules first occur.
func rulesOf(alerts []result.Alert) []Rule {
	out := []Rule{}
	for _, a := range alerts {
		level := LevelWarning
		if a.Level == LevelCritical {
			level = LevelCritical
		}
		a = result.Alert{
			Rule: said(a.Rule, nameBytes), Level: level, Message: said(a.Message, textBytes), Expectation: said(a.Expectation, nameBytes), Dataset: said(a.Dataset, nameBytes),
		}
		i := slices.IndexFunc(out, func(r Rule) bool { return r.Rule == a.Rule })
		if i < 0 {
			i = len(out)
			out = append(out, Rule{Rule: a.Rule, Level: level})
		}
		out[i].Alerts, out[i].Level = append(out[i].Alerts, a), worse(out[i].Level, level)
	}
	for i := range out {
		slices.SortStableFunc(out[i].Alerts, func(a, b result.Alert) int { return rank(b.Level) - rank(a.Level) })
		out[i].Alerts = out[i].Alerts[:min(len(out[i].Alerts), shownAlerts)]
	}
	return out
}

func rank(level string) int {
	return slices.Index([]string{LevelNone, LevelWarning, LevelCritical}, level)
}

func worse(a, b string) string {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func changed(rep *result.Report, since result.Since) Changed {
	c := Changed{First: []Item{}}
	for i := range rep.Expectations {
		e := &rep.Expectations[i]
		if e.Since != since {
			continue
		}
		if c.Count++; c.Count > shownItems {
			continue
		}
		item := Item{ID: said(e.ID, nameBytes), Verdict: e.Verdict, Message: said(e.Message, textBytes)}
		if e.Failing != nil {
			item.Runs = e.Failing.Runs
		}
		c.First = append(c.First, item)
	}
	return c
}

// said is text of at most so many bytes in which nothing acts upon a terminal.
func said(s string, most int) string {
	if len(s) > most {
		s = result.BoundText(s, most)
	}
	return diag.Visible(s)
}
