package connectortest

import "testing"

func (h *Harness) describe(*testing.T)   {}
func (h *Harness) selects(*testing.T)    {}
func (h *Harness) order(*testing.T)      {}
func (h *Harness) streams(*testing.T)    {}
func (h *Harness) branches(*testing.T)   {}
func (h *Harness) aggregates(*testing.T) {}
func (h *Harness) sets(*testing.T)       {}
func (h *Harness) statements(*testing.T) {}
func (h *Harness) failures(*testing.T)   {}
