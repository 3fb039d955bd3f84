"""Lineage events: what OpenLineage's own classes say of one moment of a run."""

from datetime import datetime
from importlib.metadata import version

from openlineage.client import event_v2
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    JobFacet,
    OutputDatasetFacet,
    RunFacet,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    processing_engine_run,
    schema_dataset,
)

from pipelines.stores.lineage import Assertion, DataSet, Facts, Job, State

event_v2.set_producer(f"urn:codetrail:{version('codetrail')}")  # a URI, as the events' schema asks


def event(state: State, job: Job, facts: Facts, at: datetime, failure: str | None = None) -> event_v2.RunEvent:
    """A run's event in this state `at` an instant; `failure` is what ended it."""
    engine = processing_engine_run.ProcessingEngineRunFacet(version=version("codetrail"), name="Codetrail")
    run: dict[str, RunFacet] = {"processing_engine": engine}
    if failure is not None:
        run["errorMessage"] = error_message_run.ErrorMessageRunFacet(failure, "python")
    kind: JobFacet = job_type_job.JobTypeJobFacet("STREAMING" if job.is_endless else "BATCH", "CODETRAIL", "JOB")
    return event_v2.RunEvent(
        eventType=event_v2.RunState[state],
        eventTime=at.isoformat(),
        run=event_v2.Run(job.run_id, run),
        job=event_v2.Job(job.namespace, job.name, {"jobType": kind}),
        inputs=[_input(one) for one in facts.inputs],
        outputs=[_output(one) for one in facts.outputs],
    )


def _input(one: DataSet) -> event_v2.InputDataset:
    facets: dict[str, InputDatasetFacet] = {}
    if one.assertions:
        facets["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            [_asserted(said) for said in one.assertions]
        )
    return event_v2.InputDataset(one.namespace, one.name, facets, facets=_facets(one))


def _asserted(said: Assertion) -> data_quality_assertions_dataset.Assertion:
    return data_quality_assertions_dataset.Assertion(
        said.expectation,
        success=said.broken is None,
        severity=said.severity,
        description=said.why,
        expected="no broken rows",
        actual="no broken rows" if said.broken is None else f"{said.broken} broken rows",
    )


def _output(one: DataSet) -> event_v2.OutputDataset:
    facets: dict[str, OutputDatasetFacet] = {}
    if one.rows is not None:
        facets["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(one.rows)
    return event_v2.OutputDataset(one.namespace, one.name, facets, facets=_facets(one))


def _facets(one: DataSet) -> dict[str, DatasetFacet]:
    facets: dict[str, DatasetFacet] = {}
    if one.columns:
        fields = [schema_dataset.SchemaDatasetFacetFields(name, kind) for name, kind in one.columns]
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields)
    if one.version is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(one.version)
    return facets
