package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/assay-dev/assay/expectations/diag"
	"github.com/assay-dev/assay/expectations/result"
)

// The exit codes, by falling precedence: 130, 2, 3, 1, 0.
const (
	exitOK          = 0
	exitFailed      = 1   // an expectation of severity error failed
	exitUsage       = 2   // the suite or a flag is wrong
	exitError       = 3   // something could not be evaluated
	exitInterrupted = 130 // SIGINT or SIGTERM
)

// version is set by the release build.
var version = "0.1.0-dev" //nolint:gochecknoglobals // the linker sets it

// app is one invocation of the program.
type app struct {
	stdout, stderr io.Writer
	stdin          io.Reader
	noColor        bool
	quiet          bool
	code           int
	// interrupted is what an interruption means for what the command puts out, "" for nothing.
	interrupted string
}

// Do runs the command line and returns its exit code. It never exits, so that tests can call it.
func Do(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case ctx.Err() != nil:
		text := "assay: interrupted"
		if a.interrupted != "" {
			text += "; " + a.interrupted
		}
		a.note("%s", text)
		return exitInterrupted
	case err == nil:
		return a.code
	}
	if found, ok := errors.AsType[*foundError](err); ok {
		return a.diagnose(found)
	}
	a.note("assay: %v", err)
	if _, ok := errors.AsType[*worldError](err); ok {
		return exitError
	}
	return exitUsage
}

// note tells the user something beside the output. Nobody is left to tell when that fails.
func (a *app) note(format string, args ...any) { _, _ = fmt.Fprintf(a.stderr, format+"\n", args...) }

// foundError carries findings about the user's own text to the top.
type foundError struct {
	list    diag.List
	sources diag.Sources
}

func (e *foundError) Error() string { return e.list.Error() }

// worldError is a failure that is not the user's text: a file that cannot be written, a server.
type worldError struct{ err error }

func (e *worldError) Error() string { return e.err.Error() }

func (e *worldError) Unwrap() error { return e.err }

func (a *app) diagnose(found *foundError) int {
	if err := diag.Print(a.stderr, found.list, found.sources); err != nil {
		return exitError
	}
	return exitUsage
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "assay",
		Short:         "Proves whether data agrees across systems",
		Long:          "assay evaluates expectations, written in CEL, over PostgreSQL, MySQL,\nElasticsearch, OpenSearch and SQLite, and reports what holds, what does not, and what could not be told.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "print only what did not pass, and no progress")
	root.AddCommand(a.demoCommand(), a.runCommand(), a.lintCommand(), a.explainCommand(), a.diffCommand(), a.planCommand(), a.applyCommand(), a.undoCommand(), a.rebuildCommand(), a.historyCommand(), a.reportCommand(), a.baselineCommand(), a.notifyCommand(), a.versionCommand())
	return root
}

// noCommand refuses a word that is no command, and says which one was probably meant.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	for _, c := range cmd.Commands() {
		if near := diag.DidYouMean(args[0], []string{c.Name()}); near != "" {
			hint = "; " + near
		}
	}
	if ext := filepath.Ext(args[0]); ext == ".yaml" || ext == ".yml" {
		hint = "; a suite is run with: assay run " + args[0]
	}
	return fmt.Errorf("unknown command %q%s", args[0], hint)
}

// oneSuite refuses a command line that names no suite.
func oneSuite(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s needs a suite: assay %s suite.yaml", cmd.Name(), cmd.Name())
	}
	return nil
}

// exitCode is the code of a finished run: could not be evaluated before failed, and strict turns what merely warns into failure.
func exitCode(reps []*result.Report, strict bool) int {
	code := exitOK
	for _, rep := range reps {
		s := &rep.Summary
		switch {
		case s.Errored > 0:
			return exitError
		case s.Failed > 0, strict && s.Warned+s.Inconclusive+s.Skipped > s.Learning:
			code = exitFailed
		}
	}
	return code
}
