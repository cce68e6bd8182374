package notify

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/assay-dev/assay/expectations/diag"
)

// Title is the message in one line.
func (m *Message) Title() string {
	level := strings.ToUpper(m.Level)
	if m.Level == LevelNone {
		level = strings.ToUpper(string(m.Summary.Verdict))
	}
	return fmt.Sprintf("[assay] %s: %s", level, m.Run.Job)
}

// section is a heading with its lines.
type section struct {
	head  string
	lines []string
}

// sections are the message as every channel tells it.
func (m *Message) sections() []section {
	s := &m.Summary
	line := fmt.Sprintf("%s: %d passed, %d failed, %d warned, %d could not be evaluated, %d inconclusive, %d skipped", s.Verdict, s.Passed, s.Failed, s.Warned, s.Errored, s.Inconclusive, s.Skipped)
	out := []section{{"", []string{line, fmt.Sprintf("%s read, run %s of %s", diag.Plural(s.RecordsChecked, "row"), diag.Visible(m.Run.ID), moment(m.Run.Start))}}}
	for _, r := range m.Rules {
		sec := section{head: r.Level + ": " + r.Rule}
		for _, a := range r.Alerts {
			sec.lines = append(sec.lines, a.Message)
		}
		out = append(out, sec)
	}
	if m.Since == nil {
		return append(out, section{"since the last run", []string{"there is no run before this one to compare with"}})
	}
	out = append(out, section{"since the last run, of " + moment(m.Since.Start), []string{
		fmt.Sprintf("%d new, %d fixed, %d still failing", m.Since.New.Count, m.Since.Fixed.Count, m.Since.Still.Count),
	}})
	for _, c := range []struct {
		head string
		Changed
	}{{"new", m.Since.New}, {"still failing", m.Since.Still}, {"fixed", m.Since.Fixed}} {
		if c.Count == 0 {
			continue
		}
		sec := section{head: c.head}
		for _, i := range c.First {
			text := i.ID + ": " + i.Message
			if i.Runs > 1 {
				text += fmt.Sprintf(" (%d runs)", i.Runs)
			}
			sec.lines = append(sec.lines, text)
		}
		if more := c.Count - len(c.First); more > 0 {
			sec.lines = append(sec.lines, fmt.Sprintf("and %d more", more))
		}
		out = append(out, sec)
	}
	return out
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Text is the message as plain text.
func (m *Message) Text() string {
	var b strings.Builder
	b.WriteString(m.Title() + "\n")
	for _, s := range m.sections() {
		b.WriteString("\n")
		if s.head != "" {
			b.WriteString(s.head + "\n")
		}
		for _, l := range s.lines {
			if s.head != "" {
				b.WriteString("  ")
			}
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

// page is the message as HTML that loads nothing.
func (m *Message) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><html><head><meta charset=\"utf-8\"><title>%[1]s</title></head><body><h2>%[1]s</h2>\n", html.EscapeString(m.Title()))
	for _, s := range m.sections() {
		if s.head == "" {
			for _, l := range s.lines {
				fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(l))
			}
			continue
		}
		fmt.Fprintf(&b, "<h3>%s</h3>\n<ul>\n", html.EscapeString(s.head))
		for _, l := range s.lines {
			fmt.Fprintf(&b, "<li>%s</li>\n", html.EscapeString(l))
		}
		b.WriteString("</ul>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}
