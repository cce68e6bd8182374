package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/alert"
	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports/history"
	"github.com/assay-dev/assay/reports/notify"
)

// What --alerts may be.
const (
	alertsSend = "send"
	alertsDry  = "dry-run" // the message is printed, not sent
	alertsOff  = "off"     // no rule is evaluated
)

// outboxName is the folder in the state directory that holds messages until they are delivered.
const outboxName = "outbox"

// correctionRuns are the runs whose corrections are asked for.
const correctionRuns = 30

func checkAlerts(how string) error {
	ways := []string{alertsSend, alertsDry, alertsOff}
	if slices.Contains(ways, how) {
		return nil
	}
	return fmt.Errorf("--alerts %q: there are send, dry-run and off%s", how, meant(how, ways))
}

// raise evaluates the alert rules: it sets the alerts of the report.
func (a *app) raise(ctx context.Context, f *finishing, h *histories, store *history.Store) {
	if f.alerts == alertsOff {
		return
	}
	var past alert.Past
	if rule := f.suite.Alerts.Corrections; store != nil && !rule.Off && f.rep.Summary.RecordsFixed > 0 {
		var runs []*history.Run
		err := patiently(ctx, func(ctx context.Context) (err error) {
			runs, err = store.Runs(ctx, f.job, correctionRuns)
			return err
		})
		if err != nil {
			h.lose(err)
		}
		for _, r := range runs {
			if r.Start.Before(f.rep.Run.Start) {
				past.Fixed = append(past.Fixed, float64(r.RecordsFixed))
			}
		}
	}
	f.rep.Alerts = alert.Evaluate(f.rep, past, f.suite.Alerts)
}

// tell sends the run's one message, once its reports are written, and what earlier runs of the suite could not deliver. Failing to tell takes
// nothing from the run.
func (a *app) tell(ctx context.Context, f *finishing) error {
	if f.alerts == alertsOff || f.mode == modeAudit || interrupted(ctx) {
		return nil
	}
	conf := channels(&f.suite.Notify)
	due := isDue(f.suite.Notify.On, f.rep)
	if f.alerts == alertsDry {
		a.printMessage(conf, f.rep, due)
		return nil
	}
	names := conf.Channels()
	if len(names) == 0 {
		return nil
	}
	box := notify.NewOutbox(filepath.Join(f.state, outboxName))
	m := notify.Of(f.rep)
	if due {
		if err := box.Put(m, f.suite.Name, names, f.rep.Run.End); err != nil {
			a.note("assay: alerts: %v; it is sent all the same, and not again by later runs", err)
			done, err := conf.Send(ctx, m, names, notify.Options{UserAgent: "assay/" + version})
			if err != nil {
				return a.untold(f.strict, err.Error())
			}
			return a.told(done, m.Key, f.strict)
		}
	}
	return a.deliver(ctx, box, conf, f.suite.Name, m.Key, f.strict)
}

// untold says that a message was not delivered; under --strict that is an error.
func (a *app) untold(strict bool, text string) error {
	text = "alerts: " + text
	if strict {
		return errors.New(text)
	}
	a.note("assay: %s", text)
	return nil
}

// deliver sends what the outbox has for a suite.
func (a *app) deliver(ctx context.Context, box *notify.Outbox, conf *notify.Config, suite, key string, strict bool) error {
	done, err := box.Deliver(ctx, conf, suite, key, notify.Options{UserAgent: "assay/" + version})
	if err != nil {
		return a.untold(strict, err.Error())
	}
	return a.told(done, key, strict)
}

// told says what became of messages, those of the run with the key and older ones.
func (a *app) told(done []notify.Outcome, key string, strict bool) error {
	var all error
	for _, d := range done {
		to := d.Channel + " (" + d.Where + ")"
		switch {
		case d.Err == nil && d.Key != key:
			if !a.quiet {
				a.note("alert of run %s: delivered to %s", d.Key, diag.Visible(to))
			}
		case d.Err == nil:
			if !a.quiet {
				a.note("alert: delivered to %s", diag.Visible(to))
			}
		case d.Dropped:
			all = errors.Join(all, a.untold(strict, fmt.Sprintf("%s does not take the message of run %s: %v; it is given up after a week", diag.Visible(to), d.Key, d.Err)))
		case d.Lost:
			all = errors.Join(all, a.untold(strict, fmt.Sprintf("%s does not take the message of run %s: %v; the message is lost", diag.Visible(to), d.Key, d.Err)))
		default:
			all = errors.Join(all, a.untold(strict, fmt.Sprintf("%s does not take the message of run %s: %v; the next run tries again, or assay notify", diag.Visible(to), d.Key, d.Err)))
		}
	}
	return all
}

// printMessage is what --alerts dry-run prints beside the output.
func (a *app) printMessage(conf *notify.Config, rep *result.Report, due bool) {
	if !due {
		a.note("alerts: nothing to tell, no message would be sent")
		return
	}
	names := conf.Channels()
	if len(names) == 0 {
		a.note("alerts: the suite has no notify, so nobody would get this message:")
	}
	for _, c := range names {
		a.note("alerts: would be sent to %s (%s):", c, diag.Visible(conf.Where(c)))
	}
	a.note("\n%s", notify.Of(rep).Text())
}

// isDue reports whether a run has something to tell.
func isDue(on []string, rep *result.Report) bool {
	if len(on) == 0 {
		on = []string{"alert"}
	}
	v := rep.Summary.Verdict
	passed := v == result.Pass || v == result.Skipped
	for _, w := range on {
		switch {
		case w == "always",
			w == "alert" && len(rep.Alerts) > 0,
			w == "failure" && !passed,
			w == "recovery" && passed && rep.Previous != nil && rep.Previous.Verdict != result.Pass && rep.Previous.Verdict != result.Skipped:
			return true
		}
	}
	return false
}

// channels are those of a suite.
func channels(n *spec.Notify) *notify.Config {
	c := &notify.Config{}
	if w := n.Webhook; w != nil {
		c.Webhook = &notify.Webhook{URL: w.URL, Secret: w.Secret}
	}
	if w := n.Slack; w != nil {
		c.Slack = &notify.Slack{URL: w.URL}
	}
	if e := n.Email; e != nil {
		c.Email = &notify.Email{Server: e.Server, TLS: e.TLS, Username: e.Username, Password: e.Password, From: e.From, To: e.To}
	}
	return c
}

func (a *app) notifyCommand() *cobra.Command {
	load, state := &loadFlags{}, ""
	cmd := &cobra.Command{
		Use:   "notify SUITE...",
		Short: "Deliver messages that earlier runs could not",
		Long: `Sends what earlier runs of the suites left in the outbox of the state directory. The next run does so too.
Exit codes: 0 nothing is left, 2 a suite or a flag is wrong, 3 a message was not taken and stays.`,
		Args: oneSuite,
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := a.load(cmd.Context(), args, load, false)
			if err != nil {
				return err
			}
			if err := a.warn(l.found, l); err != nil {
				return err
			}
			box := notify.NewOutbox(filepath.Join(stateDir(state, args), outboxName))
			var all error
			for i := range l.suites {
				s := &l.suites[i]
				all = errors.Join(all, a.deliver(cmd.Context(), box, channels(&s.Notify), s.Name, "", true))
			}
			if all != nil {
				return &worldError{all}
			}
			return nil
		},
	}
	load.register(cmd)
	cmd.Flags().StringVar(&state, "state", "", "state directory (default: .assay beside assay.yaml, else here)")
	return cmd
}
