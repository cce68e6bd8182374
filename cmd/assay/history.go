package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/spec"
	"github.com/assay-dev/assay/reports/history"
	"github.com/assay-dev/assay/suites"
)

// pastFlags are the flags of every command that looks into a history.
type pastFlags struct {
	load  loadFlags
	state string
	job   string
	write bool // the command writes to the history
}

func (f *pastFlags) register(cmd *cobra.Command) {
	f.load.register(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "state directory (default: .assay beside assay.yaml, else here)")
	cmd.Flags().StringVar(&f.job, "job", "", "the job: the suite's name, unless it was run with --job or --tag")
}

// pastOf is the history that a command is about.
type pastOf struct {
	store *history.Store
	// suite is the suite that was named by its file, "" where none was.
	suite string
	place string // for messages
	close func()
	// settled says, when all was read, whether it can be trusted.
	settled func() error
}

// past opens the history of the suite in file; "" for that of this folder. It makes none where there is none.
func (a *app) past(ctx context.Context, file string, f *pastFlags) (*pastOf, error) {
	where, name := spec.History{}, ""
	var paths []string
	if file == "" {
		set, found := suites.LoadConfig(ctx, suites.Options{Env: os.LookupEnv, KeepMissingEnv: true, Drivers: driverNames()}, ".")
		if found.HasErrors() {
			return nil, &foundError{list: found, sources: set.Sources()}
		}
		if len(set.Suites) > 0 {
			where = set.Suites[0].History
		}
	} else {
		l, err := a.load(ctx, []string{file}, &f.load, true) // of its connections none is opened
		if err != nil {
			return nil, err
		}
		if len(l.suites) != 1 {
			return nil, fmt.Errorf("%s: name one suite, not %d", file, len(l.suites))
		}
		where, name, paths = l.suites[0].History, l.suites[0].Name, []string{file}
	}
	if where.Off {
		return nil, fmt.Errorf("%s says history: off: no run is kept", where.At.File)
	}
	if strings.Contains(where.DSN+where.Path, "${") {
		return nil, fmt.Errorf("%s:%d: history is where a variable says that the environment does not have: set it", where.At.File, where.At.Line)
	}
	p := &pastOf{suite: name, place: "the database that " + where.At.File + " names"}
	if where.DSN == "" {
		p.place = historyPath(where, stateDir(f.state, paths))
		if _, err := os.Stat(p.place); err != nil {
			return nil, fmt.Errorf("there is no history in %s yet: assay run SUITE begins one (--state names another folder)", p.place)
		}
	}
	err := patiently(ctx, func(ctx context.Context) (err error) {
		var db *sql.DB
		if f.write {
			p.settled = func() error { return nil }
			db, p.store, err = connectHistory(ctx, where, stateDir(f.state, paths))
		} else {
			db, p.store, p.settled, err = connectPast(ctx, where, stateDir(f.state, paths))
		}
		p.close = func() {
			if db != nil {
				_ = db.Close() // nothing is under way
			}
		}
		return err
	})
	if err != nil {
		p.close()
		return nil, &worldError{err}
	}
	return p, nil
}

// isSuite reports whether an argument names a file, not a thing that the history knows by a name.
func isSuite(arg string) bool {
	ext := filepath.Ext(arg)
	if ext == ".yaml" || ext == ".yml" {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && !info.IsDir()
}

// historyFlags are the flags of history.
type historyFlags struct {
	pastFlags

	limit  int
	format string
}

// What history shows unless told otherwise.
const historyRuns = 20

func (a *app) historyCommand() *cobra.Command {
	f := &historyFlags{}
	cmd := &cobra.Command{
		Use:   "history [SUITE] [ID]",
		Short: "Show earlier runs",
		Long: `Shows what the history knows: of every job its last verdicts; of one suite (its file, or the job's name) its last runs and what
became of each expectation; of one expectation or one run, by its id, the figures.`,
		Example: "  assay history\n  assay history shop.yaml\n  assay history shop.yaml orders.total-adds-up --limit 100 --format csv",
		Args:    cobra.MaximumNArgs(2),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.history(cmd.Context(), args, f) },
	}
	f.register(cmd)
	cmd.Flags().IntVar(&f.limit, "limit", historyRuns, "runs to show, the latest ones; 0 for all")
	cmd.Flags().StringVar(&f.format, "format", "text", "text, json or csv")
	return cmd
}

func (a *app) history(ctx context.Context, args []string, f *historyFlags) error {
	if err := knownFormat(f.format, "text", "json", "csv"); err != nil {
		return err
	}
	if f.limit < 0 {
		return fmt.Errorf("--limit %d: must be 0 or more", f.limit)
	}
	file := ""
	if len(args) > 0 && isSuite(args[0]) {
		file, args = args[0], args[1:]
	}
	past, err := a.past(ctx, file, &f.pastFlags)
	if err != nil {
		return err
	}
	defer past.close()
	view, err := past.view(ctx, args, f)
	if err == nil {
		err = past.settled()
	}
	if err == nil {
		err = view.write(a, f.format)
	}
	if err != nil && !errors.As(err, new(*unknownError)) {
		return &worldError{err}
	}
	return err
}

// unknownError says that the history does not know what was asked for.
type unknownError struct{ text string }

// Error writes out what is in names: those of a shared history, and what was asked for, may hold anything.
func (e *unknownError) Error() string { return diag.Visible(e.text) }

// view reads what the arguments ask for: nothing, a job, or an id, the last two also together.
func (p *pastOf) view(ctx context.Context, args []string, f *historyFlags) (*historyView, error) {
	jobs, err := p.store.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, j := range jobs {
		names = append(names, j.Job)
	}
	job := f.job
	if job == "" {
		job = p.suite
	}
	if job == "" && len(args) > 0 && slices.Contains(names, args[0]) {
		job, args = args[0], args[1:]
	}
	if job != "" && !slices.Contains(names, job) {
		return nil, &unknownError{fmt.Sprintf("%s has no run of job %s%s", p.place, job, known(job, names))}
	}
	switch {
	case len(args) > 1:
		return nil, &unknownError{fmt.Sprintf("%s has no job %s%s", p.place, args[0], known(args[0], names))}
	case len(args) == 1:
		return p.ofID(ctx, job, args[0], f.limit, names)
	case job != "":
		return p.ofJob(ctx, job, f.limit)
	}
	return p.ofJobs(ctx, jobs, f.limit)
}

// known names the jobs that there are.
func known(word string, names []string) string {
	if hint := diag.DidYouMean(word, names); hint != "" {
		return "; " + hint
	}
	if len(names) == 0 {
		return "; it has none at all"
	}
	return "; it has " + strings.Join(names[:min(len(names), 10)], ", ")
}

func (p *pastOf) ofJobs(ctx context.Context, jobs []*history.Run, limit int) (*historyView, error) {
	v := &historyView{}
	for _, j := range jobs {
		runs, err := p.store.Runs(ctx, j.Job, limit)
		if err != nil {
			return nil, err
		}
		v.jobs = append(v.jobs, runs)
	}
	return v, nil
}

func (p *pastOf) ofJob(ctx context.Context, job string, limit int) (*historyView, error) {
	runs, byID, err := p.store.Table(ctx, job, limit)
	return &historyView{job: job, runs: runs, byID: byID}, err
}

// ofID is an expectation or a run.
func (p *pastOf) ofID(ctx context.Context, job, id string, limit int, names []string) (*historyView, error) {
	if job == "" {
		jobs, err := p.store.JobsOf(ctx, id)
		if err != nil {
			return nil, err
		}
		if len(jobs) > 1 {
			return nil, &unknownError{fmt.Sprintf("%s is an expectation of several jobs: --job %s", id, strings.Join(jobs, ", or --job "))}
		}
		if len(jobs) == 1 {
			job = jobs[0]
		}
	}
	if job != "" {
		list, err := p.store.Outcomes(ctx, job, id, limit)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			v := &historyView{job: job, id: id, byID: map[string][]*history.Outcome{}}
			for i := range list {
				v.runs = append(v.runs, list[i].Run)
				v.byID[id] = append(v.byID[id], &list[i].Outcome)
			}
			return v, nil
		}
	}
	run, outcomes, err := p.store.Run(ctx, id)
	if errors.Is(err, history.ErrNoRun) {
		_, byID, err := p.store.Table(ctx, job, 1)
		if err != nil {
			return nil, err
		}
		for n := range byID {
			names = append(names, n)
		}
		return nil, &unknownError{fmt.Sprintf("%s has no job, expectation or run %s%s", p.place, id, known(id, names))}
	}
	if err != nil {
		return nil, err
	}
	v := &historyView{job: run.Job, run: true, runs: []*history.Run{run}, byID: map[string][]*history.Outcome{}}
	for i := range outcomes {
		v.byID[outcomes[i].ID] = []*history.Outcome{&outcomes[i]}
	}
	return v, nil
}
