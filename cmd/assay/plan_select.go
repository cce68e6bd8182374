package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/expectations/correct"
	"github.com/assay-dev/assay/expectations/diag"
)

// selection chooses changes of a plan: those that every flag given lets through.
type selection struct {
	risks, classes, actions, expectations, targets, keys []string
}

func (s *selection) register(cmd *cobra.Command) {
	s.registerRisk(cmd)
	cmd.Flags().StringSliceVar(&s.classes, "class", nil, "only changes of what was found: missing, extra, changed, duplicate_key, violation")
	cmd.Flags().StringSliceVar(&s.actions, "action", nil, "only these: insert, update, delete")
	cmd.Flags().StringArrayVar(&s.expectations, "expectation", nil, "only changes that this expectation asks for (repeatable)")
	cmd.Flags().StringArrayVar(&s.targets, "target", nil, "only changes of this dataset (repeatable)")
	cmd.Flags().StringArrayVar(&s.keys, "key", nil, "only the row with this key: 7, id=7, or tenant=a,id=7 (repeatable)")
}

func (s *selection) registerRisk(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.risks, "risk", nil, "only changes of these risks: low, medium, high, manual")
}

// none reports whether nothing was chosen.
func (s *selection) none() bool {
	return len(s.risks)+len(s.classes)+len(s.actions)+len(s.expectations)+len(s.targets)+len(s.keys) == 0
}

// text says what was chosen, "" for everything.
func (s *selection) text() string {
	var parts []string
	for _, x := range []struct {
		name string
		list []string
	}{{"risk", s.risks}, {"class", s.classes}, {"action", s.actions}, {"expectation", s.expectations}, {"target", s.targets}, {"key", s.keys}} {
		if len(x.list) > 0 {
			parts = append(parts, x.name+" "+strings.Join(x.list, " or "))
		}
	}
	return strings.Join(parts, ", ")
}

// riskNames are the risks, the least first.
func riskNames() []string {
	return []string{string(correct.Low), string(correct.Medium), string(correct.High), string(correct.Manual)}
}

// checkWords refuses a word that a flag does not take.
func checkWords(flag string, given, known []string) error {
	for _, w := range given {
		if !slices.Contains(known, w) {
			return fmt.Errorf("--%s %q: there are %s%s", flag, w, strings.Join(known, ", "), meant(w, known))
		}
	}
	return nil
}

// of is the choice among the changes of a plan.
func (s *selection) of(h *correct.Header) (keep func(*correct.Change) bool, err error) {
	classes := []string{string(correct.Missing), string(correct.Extra), string(correct.Changed), string(correct.Duplicate), string(correct.Violation)}
	var targets []string
	for i := range h.Targets {
		targets = append(targets, h.Targets[i].Name, h.Targets[i].Dataset)
	}
	slices.Sort(targets)
	targets = slices.Compact(targets)
	err = errors.Join(checkWords("risk", s.risks, riskNames()), checkWords("class", s.classes, classes),
		checkWords("action", s.actions, []string{string(connectors.Insert), string(connectors.Update), string(connectors.Delete)}), checkWords("target", s.targets, targets))
	if err != nil {
		return nil, err
	}
	keys, err := s.rows(h)
	if err != nil {
		return nil, err
	}
	dataset := map[string]string{}
	for i := range h.Targets {
		dataset[h.Targets[i].Name] = h.Targets[i].Dataset
	}
	has := func(list []string, word string) bool { return len(list) == 0 || slices.Contains(list, word) }
	return func(c *correct.Change) bool {
		return has(s.risks, string(c.Risk)) && has(s.classes, string(c.Class)) && has(s.actions, string(c.Action)) && has(s.expectations, c.Expectation) &&
			(has(s.targets, c.Target) || has(s.targets, dataset[c.Target])) && (keys == nil || keys[c.Target][keyText(c)])
	}, nil
}

// keyText is a key as it is looked up by: the texts of its values.
func keyText(c *correct.Change) string {
	var b strings.Builder
	for _, v := range c.Key {
		b.WriteString(v.Text() + "\x00")
	}
	return b.String()
}

// rows are the keys that were asked for by target, nil where none was.
func (s *selection) rows(h *correct.Header) (map[string]map[string]bool, error) {
	if len(s.keys) == 0 {
		return nil, nil
	}
	out := map[string]map[string]bool{}
	for _, text := range s.keys {
		fits := false
		for i := range h.Targets {
			t := &h.Targets[i]
			values, ok := keyValues(text, t.Key)
			if !ok {
				continue
			}
			fits = true
			if out[t.Name] == nil {
				out[t.Name] = map[string]bool{}
			}
			out[t.Name][strings.Join(values, "\x00")+"\x00"] = true
		}
		if !fits {
			return nil, fmt.Errorf("--key %q: write a value for every column of the key: %s", text, keyForms(h))
		}
	}
	return out, nil
}

// keyForms are the forms that a key takes.
func keyForms(h *correct.Header) string {
	var forms []string
	for i := range h.Targets {
		var parts []string
		for _, c := range h.Targets[i].Key {
			parts = append(parts, diag.Visible(c.Name)+"=…")
		}
		if form := strings.Join(parts, ","); !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return strings.Join(forms, " or ")
}

// keyValues reads "a=1,b=2", or of a single column the value alone.
func keyValues(text string, key []correct.Column) ([]string, bool) {
	if len(key) == 0 {
		return nil, false
	}
	rest, named := strings.CutPrefix(text, key[0].Name+"=")
	if !named {
		_, err := strconv.ParseInt(text, 10, 64)
		return []string{text}, len(key) == 1 && (key[0].Type != "int" || err == nil)
	}
	var values []string
	for _, next := range key[1:] {
		v, after, ok := strings.Cut(rest, ","+next.Name+"=")
		if !ok {
			return nil, false
		}
		values, rest = append(values, v), after
	}
	return append(values, rest), true
}
