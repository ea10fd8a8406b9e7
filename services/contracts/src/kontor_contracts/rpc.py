"""The RPCs of contracts: proto → use case → proto, no decisions."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.contracts.v1 import contracts_pb2_grpc
from kontor_chassis.database import RowReader, Transaction, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import page_size
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.service import Context

from kontor_contracts import contracts, imports, messages, own_entries, queries
from kontor_contracts.customers import Customers
from kontor_contracts.firms import EntryMode, Firms
from kontor_contracts.lines import ensure_default_lines, require_line
from kontor_contracts.tables import Contract


class ContractsRpc(contracts_pb2_grpc.ContractsServiceServicer):
    """The public RPCs."""

    def __init__(self, work: UnitOfWork, rows: RowReader, customers: Customers, firms: Firms) -> None:
        self._work = work
        self._rows = rows
        self._customers = customers
        self._firms = firms

    async def ListLinesOfBusiness(
        self, request: pb.ListLinesOfBusinessRequest, _context: Context
    ) -> pb.ListLinesOfBusinessResponse:
        """Return the firm's lines of business."""
        principal, size = current_principal(), page_size(request.page_size, default=100)
        rows, further = await queries.list_lines(self._rows, principal, size=size, page_token=request.page_token)
        if not rows and not request.page_token:
            await self._supply_default_lines()
            rows, further = await queries.list_lines(self._rows, principal, size=size, page_token="")
        return pb.ListLinesOfBusinessResponse(lines_of_business=map(messages.line, rows), next_page_token=further)

    async def ListContracts(self, request: pb.ListContractsRequest, _context: Context) -> pb.ListContractsResponse:
        """Return a page of a customer's contracts."""
        customer_id = parse_id(request.customer_id, "customer_id")
        contracts.require_own(current_principal(), customer_id)
        rows, further = await queries.list_contracts(
            self._rows,
            current_principal(),
            customer_id=customer_id,
            statuses=messages.statuses(request.statuses),
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListContractsResponse(contracts=map(messages.contract, rows), next_page_token=further)

    async def ListPortfolio(self, request: pb.ListPortfolioRequest, _context: Context) -> pb.ListPortfolioResponse:
        """Return a page of the firm's contracts."""
        rows, further = await queries.list_portfolio(
            self._rows,
            current_principal(),
            only_unreleased=request.only_unreleased,
            statuses=messages.statuses(request.statuses),
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListPortfolioResponse(contracts=map(messages.contract, rows), next_page_token=further)

    async def GetContract(self, request: pb.GetContractRequest, _context: Context) -> pb.Contract:
        """Return one contract."""
        customer_id = parse_id(request.customer_id, "customer_id")
        contracts.require_own(current_principal(), customer_id)
        row = await queries.find_contract(
            self._rows,
            current_principal(),
            customer_id=customer_id,
            contract_id=parse_id(request.contract_id, "contract_id"),
        )
        if row is None:
            raise not_found(contracts.WHAT)
        return messages.contract(row)

    async def CreateContract(self, request: pb.CreateContractRequest, _context: Context) -> pb.Contract:
        """Create a contract."""
        customer_id = parse_id(request.customer_id, "customer_id")
        principal = current_principal()
        contracts.require_own(principal, customer_id)
        tenant_id = principal.required_tenant()
        if principal.is_staff:
            await self._customers.require(tenant_id, customer_id)
        mode = await self._firms.entry_mode(tenant_id) if principal.is_customer else EntryMode.DIRECT
        async with self._work.command(request) as tx:
            created = await contracts.create_contract(
                tx, customer_id=customer_id, values=messages.values(request.contract), mode=mode
            )
            return await tx.commit(await _answer(tx, created))

    async def UpdateContract(self, request: pb.UpdateContractRequest, _context: Context) -> pb.Contract:
        """Change a contract."""
        mode = await self._mode_for_customer()
        async with self._work.command(request) as tx:
            changed = await own_entries.update_contract(
                tx,
                customer_id=parse_id(request.contract.customer_id, "contract.customer_id"),
                contract_id=parse_id(request.contract.contract_id, "contract.contract_id"),
                values=messages.values(request.contract),
                fields=frozenset(request.update_mask.paths),
                etag=request.contract.etag,
                mode=mode,
            )
            return await tx.commit(await _answer(tx, changed))

    async def DeleteContract(self, request: pb.DeleteContractRequest, _context: Context) -> Empty:
        """Delete a contract."""
        mode = await self._mode_for_customer()
        async with self._work.command(request) as tx:
            await own_entries.delete_contract(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                contract_id=parse_id(request.contract_id, "contract_id"),
                etag=request.etag,
                mode=mode,
            )
            return await tx.commit(Empty())

    async def ConfirmContract(self, request: pb.ConfirmContractRequest, _context: Context) -> pb.Contract:
        """Confirm what a customer entered."""
        async with self._work.command(request) as tx:
            confirmed = await contracts.confirm_contract(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                contract_id=parse_id(request.contract_id, "contract_id"),
            )
            return await tx.commit(await _answer(tx, confirmed))

    async def ReleaseContract(self, request: pb.ReleaseContractRequest, _context: Context) -> pb.Contract:
        """Make a contract visible to its customer."""
        async with self._work.command(request) as tx:
            released = await contracts.release_contract(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                contract_id=parse_id(request.contract_id, "contract_id"),
            )
            return await tx.commit(await _answer(tx, released))

    async def WithdrawContract(self, request: pb.WithdrawContractRequest, _context: Context) -> pb.Contract:
        """Hide a contract from its customer."""
        async with self._work.command(request) as tx:
            withdrawn = await contracts.withdraw_contract(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                contract_id=parse_id(request.contract_id, "contract_id"),
            )
            return await tx.commit(await _answer(tx, withdrawn))

    async def ReleaseContracts(
        self, request: pb.ReleaseContractsRequest, _context: Context
    ) -> pb.ReleaseContractsResponse:
        """Release many contracts."""
        async with self._work.command(request) as tx:
            released = await contracts.release_contracts(
                tx, contract_ids=[parse_id(given, "contract_ids") for given in request.contract_ids]
            )
            return await tx.commit(pb.ReleaseContractsResponse(released=released))

    async def ImportPortfolio(self, request: pb.ImportPortfolioRequest, _context: Context) -> pb.PortfolioImport:
        """Import a portfolio file: check, then customers, then contracts."""
        portfolio = await imports.read_file(request.content)
        if request.validate_only:
            return messages.written_import(imports.summary(portfolio, file_name=request.file_name))
        tenant_id = current_principal().required_tenant()
        import_id = imports.import_id_for(tenant_id, request.request_id)
        ibans = {iban for contract in portfolio.contracts for iban in contract.accounts.ibans}
        brought = imports.Brought(
            customers=await self._customers.take_in(tenant_id, import_id, portfolio.holders),
            accounts=await self._firms.name_accounts(tenant_id, ibans),
        )
        async with self._work.command(request) as tx:
            finished = await imports.apply_portfolio(
                tx, import_id=import_id, file_name=request.file_name, portfolio=portfolio, brought=brought
            )
            return await tx.commit(messages.written_import(finished))

    async def GetPortfolioImport(self, request: pb.GetPortfolioImportRequest, _context: Context) -> pb.PortfolioImport:
        """Return one import."""
        import_id = parse_id(request.import_id, "import_id")
        row = await queries.find_import(self._rows, current_principal(), import_id=import_id)
        if row is None:
            raise not_found("Der Import")
        return messages.portfolio_import(row)

    async def ListPortfolioImports(
        self, request: pb.ListPortfolioImportsRequest, _context: Context
    ) -> pb.ListPortfolioImportsResponse:
        """Return a page of imports."""
        rows, further = await queries.list_imports(
            self._rows, current_principal(), size=page_size(request.page_size), page_token=request.page_token
        )
        return pb.ListPortfolioImportsResponse(imports=map(messages.portfolio_import, rows), next_page_token=further)

    async def _supply_default_lines(self) -> None:
        """Give the default lines to a firm that asks before the event of its activation has arrived."""
        firm = Principal.of_service("contracts", current_principal().required_tenant())
        async with self._work.work(firm) as tx:
            await ensure_default_lines(tx)
            await tx.commit()

    async def _mode_for_customer(self) -> EntryMode | None:
        """Return what the firm lets its customers do; None for staff, who are free of it."""
        caller = current_principal()
        return await self._firms.entry_mode(caller.required_tenant()) if caller.is_customer else None


async def _answer(tx: Transaction, written: Contract) -> pb.Contract:
    line = await require_line(tx, written.line_of_business_id)
    return messages.written_contract(written, line.name)
