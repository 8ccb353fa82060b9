-- A task whose version was set by hand to the end of its range would make every statement fail that counts it on: the
-- sweep of dead nodes, a claim, a cancel. A CHECK is parsed again by every statement that writes the table; the WHEN of a
-- trigger is not. Expand-only.
CREATE FUNCTION ffmate.bound_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := 4611686018427387904;
    RETURN NEW;
END $$;
-- Its name comes before tasks_version, which then sees the bounded number.
CREATE TRIGGER tasks_bounded BEFORE INSERT OR UPDATE ON ffmate.tasks FOR EACH ROW
    WHEN (NEW.version > 4611686018427387904) EXECUTE FUNCTION ffmate.bound_version();
