package result

import (
	"encoding/json"
	"fmt"
)

// PlanSummary summarises a correction plan, and what the run did of it.
type PlanSummary struct {
	Path    string         `json:"path"`             // of the plan; "" where none was written
	Mode    string         `json:"mode,omitempty"`   // "plan", "selective", "auto" or "rebuild"
	Digest  string         `json:"digest,omitempty"` // of the plan
	Changes map[string]int `json:"changes"`          // by action
	ByClass map[string]int `json:"by_class,omitempty"`
	ByRisk  map[string]int `json:"by_risk,omitempty"`
	Targets []string       `json:"targets,omitempty"` // the datasets that it changes
	// Refused are findings that no change could be made of, with the reason.
	Refused []PlanRefusal `json:"refused,omitempty"`
	Applied *PlanApplied  `json:"applied,omitempty"` // nil where nothing was to be applied
	// Escalated are the changes that were left to people.
	Escalated []PlanEscalation `json:"escalated,omitempty"`
	Rebuilt   []PlanRebuilt    `json:"rebuilt,omitempty"`
}

// PlanRefusal is a reason for which findings are not in the plan.
type PlanRefusal struct {
	Expectation string `json:"expectation"`
	Reason      string `json:"reason"`
	Rows        int64  `json:"rows"`
}

// PlanApplied says what became of the changes that the run applied.
type PlanApplied struct {
	Applied int64 `json:"applied"` // changed by this run
	Already int64 `json:"already"` // were as the plan wants them
	Stale   int64 `json:"stale"`   // no longer as they were seen, and left alone
	Failed  int64 `json:"failed"`  // refused by the server
	Altered int64 `json:"altered"` // changed, and read again not as the plan has them: a trigger, or another writer
	// Message says why nothing was applied, "" where something was to be and was.
	Message string `json:"message,omitempty"`
	Undo    string `json:"undo,omitempty"` // the plan that undoes it
	// Left are the first of the changes that were stale, failed or altered.
	Left []PlanLeft `json:"left,omitempty"`
}

// Done reports whether every change was made, or had been.
func (p *PlanApplied) Done() bool { return p.Message == "" && p.Stale+p.Failed == 0 }

// PlanLeft is a change that did not end as it was planned.
type PlanLeft struct {
	Target  string          `json:"target"`
	Action  string          `json:"action"`
	Key     map[string]Cell `json:"key"`
	Outcome string          `json:"outcome"` // "stale", "failed" or "altered"
	Reason  string          `json:"reason,omitempty"`
	// Order keeps the columns of the key as the dataset has them.
	Order []string `json:"order,omitempty"`
	// Types are those of the cells that their JSON does not tell, by column. They are there in JSON only.
	Types map[string]string `json:"types,omitempty"`
}

type plainLeft PlanLeft

// MarshalJSON implements json.Marshaler.
func (p PlanLeft) MarshalJSON() ([]byte, error) {
	p.Types = nil
	for column, c := range p.Key {
		if t := typeOf(c); t != "" {
			if p.Types == nil {
				p.Types = map[string]string{}
			}
			p.Types[column] = t
		}
	}
	return marshal(plainLeft(p))
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *PlanLeft) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, (*plainLeft)(p)); err != nil {
		return err
	}
	for column, t := range p.Types {
		c, ok := p.Key[column]
		if !ok {
			continue
		}
		if err := retype(&c, t); err != nil {
			return fmt.Errorf("read the key of a change: %w", err)
		}
		p.Key[column] = c
	}
	p.Types = nil
	return nil
}

// PlanEscalation counts changes that were left to people for the same reason.
type PlanEscalation struct {
	Expectation string `json:"expectation"`
	Target      string `json:"target"`
	Action      string `json:"action"`
	Class       string `json:"class"`
	Risk        string `json:"risk"`
	Reason      string `json:"reason"`
	Changes     int64  `json:"changes"`
}

// PlanRebuilt says what became of a rebuild.
type PlanRebuilt struct {
	Expectation string `json:"expectation"`
	Dataset     string `json:"dataset"`
	Rows        int64  `json:"rows"`            // loaded
	Old         string `json:"old,omitempty"`   // the name under which the old table or index is kept
	Error       string `json:"error,omitempty"` // why all is as it was
}

// bounded cuts what is too long for readers, in a copy.
func (p *PlanSummary) bounded() *PlanSummary {
	if p == nil {
		return nil
	}
	out := *p
	out.Refused = append([]PlanRefusal(nil), p.Refused...)
	for i := range out.Refused {
		out.Refused[i].Reason = BoundText(out.Refused[i].Reason, MaxSentence)
	}
	out.Escalated = append([]PlanEscalation(nil), p.Escalated...)
	for i := range out.Escalated {
		out.Escalated[i].Reason = BoundText(out.Escalated[i].Reason, MaxSentence)
	}
	out.Rebuilt = append([]PlanRebuilt(nil), p.Rebuilt...)
	for i := range out.Rebuilt {
		out.Rebuilt[i].Error = BoundText(out.Rebuilt[i].Error, MaxSentence)
	}
	if p.Applied != nil {
		a := *p.Applied
		a.Message = BoundText(a.Message, MaxSentence)
		a.Left = append([]PlanLeft(nil), p.Applied.Left...)
		for i := range a.Left {
			a.Left[i].Key, a.Left[i].Reason = boundCells(a.Left[i].Key), BoundText(a.Left[i].Reason, MaxSentence)
		}
		out.Applied = &a
	}
	return &out
}
